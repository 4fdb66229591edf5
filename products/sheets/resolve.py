"""Codes in a file to rows in the database, a set at a time.

``keys_create`` makes the temporary table ``sheet_key`` with every combination of product (and whose code it
is), channel and measure in ``staging`` once; the others resolve its distinct texts in small tables of their
own (``sheet_product``, ``sheet_channel``, ``sheet_measure``: ``raw`` → id). What is to be created gets its
number from the table's own sequence at once, so that the rows need no second pass when it really is created;
numbers of a preview are lost, which costs nothing.
"""

# The SQL is put together from constants of this file; values are parameters.
# ruff: noqa: S608
from __future__ import annotations

from typing import Any

from psycopg2.extras import execute_values

from exchange.sheets import Creation
from products.converters import RESERVED_CODES
from products.models import Measure, ProductLine
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.selectors.lines import LineTree
from products.services.imported import DEFAULT_LINE, lines_planned, missing_create

from .sources import CODE_SOURCE, OWN, OWN_WORDS, source_wanted

DEFAULT_CHANNEL = "ALL"
CODE_LENGTH = 60
_NEW = {
    "line": "(id bigint, code text, name text)",
    "product": "(id bigint, code text, name text, line_id bigint)",
    "channel": "(id bigint, code text, name text)",
}


def keys_create(cursor: Any, *, sourced: bool) -> None:
    """``sheet_key``: the combinations of texts in the file; an empty channel, measure or source of the code
    is ''. ``sourced``: the file says of some row whose code it has."""
    for table in ("key", "product", "channel", "measure"):
        cursor.execute(f"DROP TABLE IF EXISTS sheet_{table}")
    for table, columns in _NEW.items():
        cursor.execute(f"DROP TABLE IF EXISTS sheet_new_{table}")
        cursor.execute(f"CREATE TEMP TABLE sheet_new_{table} {columns} ON COMMIT DROP")
    cursor.execute(
        f"""
        CREATE TEMP TABLE sheet_key ON COMMIT DROP AS
        SELECT coalesce(product, '') AS product, coalesce(channel, '') AS channel,
               coalesce(measure, '') AS measure, min(line) AS line,
               NULL::bigint AS product_id, NULL::bigint AS channel_id, NULL::bigint AS measure_id,
               NULL::bigint AS place, {"coalesce(code_source, '')" if sourced else "''"} AS source
        FROM staging GROUP BY 1, 2, 3{", 9" if sourced else ""}
        """
    )


def _distinct(cursor: Any, field: str) -> None:
    cursor.execute(
        f"""
        CREATE TEMP TABLE sheet_{field} ON COMMIT DROP AS
        SELECT {field} AS raw, min(line) AS line, NULL::bigint AS {field}_id, NULL::bigint AS line_id,
               '' AS problem
        FROM sheet_key GROUP BY {field}
        """
    )


def refuse(cursor: Any, field: str, condition: str, code: str = "", told: str = "'{}'::jsonb") -> int:
    """Refuse the rows whose text in ``field`` has ``condition`` in its ``sheet_<field>`` row (``k``)."""
    same_source = " AND k.source = coalesce(s.code_source, '')" if field == "product" else ""
    cursor.execute(
        f"""
        INSERT INTO refused (line, "column", value, code, params)
        SELECT DISTINCT s.line, '{field}', s.{field}, {"%s" if code else "k.problem"}, {told}
        FROM staging s JOIN sheet_{field} k ON k.raw = coalesce(s.{field}, ''){same_source} WHERE {condition}
        """,
        [code] if code else [],
    )
    return int(cursor.rowcount)


def products_resolve(
    cursor: Any, *, user: Any, create: bool, answer: str, created_in: str = ""
) -> dict[str, str]:
    """By the product's own code, else by any other code it has; in whatever case. Where the row, or else the
    ``answer`` for the file, says whose code it is, by that alone. Products outside a person's lines are
    unknown to them. ``created_in``: the code of the line for products that the file names none for. Returns
    what must be answered first (see ``Sheet.check``)."""
    cursor.execute(
        """
        CREATE TEMP TABLE sheet_product ON COMMIT DROP AS
        SELECT product AS raw, source, min(line) AS line, NULL::bigint AS product_id, NULL::bigint AS line_id,
               '' AS problem, CASE WHEN source = '' THEN %s WHEN lower(source) = ANY(%s) THEN %s
                                   ELSE lower(source) END AS wanted
        FROM sheet_key GROUP BY product, source
        """,
        [source_wanted(None, answer), OWN_WORDS, OWN],
    )
    cursor.execute(
        """
        UPDATE sheet_product k SET product_id = p.id, line_id = p.line_id
        FROM products_product p WHERE upper(p.code) = upper(k.raw) AND k.wanted IN ('', %s)
        """,
        [OWN],
    )
    cursor.execute(
        """
        UPDATE sheet_product k SET product_id = o.product_id, line_id = o.line_id,
               problem = CASE WHEN o.products > 1 THEN 'product_ambiguous' ELSE '' END
        FROM (
            SELECT u.raw, u.source, min(c.product_id) AS product_id, min(p.line_id) AS line_id,
                   count(DISTINCT c.product_id) AS products
            FROM sheet_product u
            JOIN products_productcode c
              ON upper(c.code) = upper(u.raw) AND (u.wanted = '' OR lower(c.source) = u.wanted)
            JOIN products_product p ON p.id = c.product_id
            WHERE u.product_id IS NULL GROUP BY u.raw, u.source
        ) o
        WHERE k.raw = o.raw AND k.source = o.source AND k.wanted <> %s
        """,
        [OWN],
    )
    visible = None if user is None else visible_line_ids(user)
    if visible is not None:
        cursor.execute(
            "UPDATE sheet_product SET problem = 'product_unknown' WHERE line_id <> ALL(%s::bigint[])",
            [list(visible)],
        )
    if create:
        _products_plan(cursor, visible, created_in)
    cursor.execute(
        """UPDATE sheet_product SET problem =
                  CASE WHEN wanted IN ('', %s) THEN 'product_unknown' ELSE 'product_not_in_source' END
           WHERE product_id IS NULL AND problem = ''""",
        [OWN],
    )
    refuse(cursor, "product", "k.problem <> ''", told="jsonb_build_object('source', k.wanted)")
    if answer:
        return {}
    cursor.execute(
        """SELECT raw FROM sheet_product WHERE problem = 'product_ambiguous' AND source = ''
           ORDER BY line LIMIT 3"""
    )
    unclear = ", ".join(raw for (raw,) in cursor.fetchall())
    return {CODE_SOURCE: unclear} if unclear else {}


def _products_plan(cursor: Any, visible: frozenset[int] | None, created_in: str) -> None:
    """Give every unknown code a number and a line: the file's, else the one that was said, else ``new``."""
    cursor.execute(
        """
        SELECT n.*, EXISTS (SELECT FROM products_productcode c WHERE upper(c.code) = n.upper)
        FROM (
            SELECT upper(k.raw) AS upper, min(k.raw), min(s.product_name), min(s.product_line)
            FROM sheet_product k
            JOIN staging s ON s.product = k.raw AND coalesce(s.code_source, '') = k.source
            WHERE k.product_id IS NULL AND k.problem = '' AND k.wanted IN ('', %s) GROUP BY 1
        ) n
        """,
        [OWN],
    )
    found = cursor.fetchall()
    lines = Lines(cursor, visible)
    planned, problems = [], []
    for upper, code, name, line, means_another in found:
        line_id = lines.find(line or created_in)
        if means_another:
            problems.append((upper, "code_means_another"))
        elif len(code) > CODE_LENGTH:
            problems.append((upper, "too_long"))
        elif code.lower() in RESERVED_CODES:
            problems.append((upper, "product_code_reserved"))
        elif line_id is None:
            problems.append((upper, "product_unknown"))
        else:
            planned.append((code, (name or code)[:160], line_id))
    if planned:
        execute_values(
            cursor.cursor,
            """INSERT INTO sheet_new_product
               SELECT nextval(pg_get_serial_sequence('products_product', 'id')), v.code, v.name, v.line
               FROM (VALUES %s) AS v(code, name, line)""",
            planned,
        )
    if problems:
        execute_values(
            cursor.cursor,
            """UPDATE sheet_product k SET problem = v.problem FROM (VALUES %s) AS v(code, problem)
               WHERE upper(k.raw) = v.code AND k.product_id IS NULL AND k.problem = ''
                 AND k.wanted IN ('', 'own')""",
            problems,
        )
    cursor.execute(
        """UPDATE sheet_product k SET product_id = n.id, line_id = n.line_id
           FROM sheet_new_product n
           WHERE upper(n.code) = upper(k.raw) AND k.product_id IS NULL AND k.wanted IN ('', 'own')"""
    )
    lines.plan()


class Lines:
    """The product lines by code or name, and those to be made; new ones only for who sees all lines."""

    def __init__(self, cursor: Any, visible: frozenset[int] | None) -> None:
        self._cursor = cursor
        self._visible = visible
        self._ids: dict[str, int] = {}
        self._new: list[tuple[int, str, str]] = []
        for line in ProductLine.objects.order_by("-pk"):
            self._ids[line.name.lower()] = line.pk
        for line in ProductLine.objects.all():
            self._ids[line.code.lower()] = line.pk

    def find(self, text: str | None) -> int | None:
        """The line of this code or name (empty: the default); ``None`` where the person may not have it."""
        name = text or DEFAULT_LINE
        found = self._ids.get(name.lower())
        if found is None:
            if self._visible is not None:
                return None
            return self._create(name)
        return found if self._visible is None or found in self._visible else None

    def _create(self, name: str) -> int:
        (planned,) = lines_planned([name], taken=[code for _, code, _ in self._new])
        self._new.append(planned)
        self._ids[name.lower()] = planned[0]
        return planned[0]

    def plan(self) -> None:
        """Note the lines to be made in ``sheet_new_line``."""
        if self._new:
            execute_values(self._cursor.cursor, "INSERT INTO sheet_new_line VALUES %s", self._new)


def channels_resolve(cursor: Any, *, user: Any, create: bool) -> None:
    """By code, else by name where only one channel has it. Rows without a channel go to the channel ``ALL``,
    which is made when first needed."""
    _distinct(cursor, "channel")
    cursor.execute(
        """
        UPDATE sheet_channel k SET channel_id = c.id
        FROM products_channel c WHERE upper(c.code) = upper(coalesce(nullif(k.raw, ''), %s))
        """,
        [DEFAULT_CHANNEL],
    )
    cursor.execute(
        """
        UPDATE sheet_channel k SET channel_id = c.id,
               problem = CASE WHEN c.channels > 1 THEN 'channel_ambiguous' ELSE '' END
        FROM (SELECT lower(name) AS name, min(id) AS id, count(*) AS channels
              FROM products_channel GROUP BY lower(name)) c
        WHERE k.channel_id IS NULL AND c.name = lower(k.raw)
        """
    )
    visible = None if user is None else visible_channel_ids(user)
    if visible is not None:
        cursor.execute(
            """UPDATE sheet_channel SET problem = 'channel_unknown'
               WHERE channel_id IS NULL OR channel_id <> ALL(%s::bigint[])""",
            [list(visible)],
        )
    cursor.execute(
        """
        INSERT INTO sheet_new_channel
        SELECT nextval(pg_get_serial_sequence('products_channel', 'id')), code, code
        FROM (
            SELECT min(coalesce(nullif(raw, ''), %s)) AS code FROM sheet_channel
            WHERE channel_id IS NULL AND problem = '' AND length(raw) <= 80 AND (%s OR raw = '')
            GROUP BY upper(coalesce(nullif(raw, ''), %s))
        ) n
        """,
        [DEFAULT_CHANNEL, create, DEFAULT_CHANNEL],
    )
    cursor.execute(
        """
        UPDATE sheet_channel k SET channel_id = n.id FROM sheet_new_channel n
        WHERE k.channel_id IS NULL AND upper(n.code) = upper(coalesce(nullif(k.raw, ''), %s))
        """,
        [DEFAULT_CHANNEL],
    )
    cursor.execute(
        "UPDATE sheet_channel SET problem = 'channel_unknown' WHERE channel_id IS NULL AND problem = ''"
    )
    refuse(cursor, "channel", "k.problem <> ''")


def measures_resolve(cursor: Any) -> None:
    """By code or a name in either language; empty is the product's leading measure. A measure is never made
    by a file: nobody could tell a flow from a level. A product only has the measures of its line."""
    _distinct(cursor, "measure")
    cursor.execute(
        """
        UPDATE sheet_measure k SET measure_id = m.id FROM products_measure m
        WHERE lower(k.raw) IN (lower(m.code), lower(m.name_en), lower(m.name_nl))
        """
    )
    refuse(cursor, "measure", "k.raw <> '' AND k.measure_id IS NULL", "measure_unknown")
    tree = LineTree()
    cursor.execute("SELECT DISTINCT line_id FROM sheet_product WHERE line_id IS NOT NULL")
    line_ids = [line_id for (line_id,) in cursor.fetchall()]
    units = Measure.objects.get(code="units")  # of lines that are only made with this file
    allowed = [
        (line_id, measure.pk, position == 0)
        for line_id in line_ids
        for position, measure in enumerate(tree.measures(line_id) if line_id in tree.lines else [units])
    ]
    cursor.execute("DROP TABLE IF EXISTS sheet_allowed")
    cursor.execute(
        "CREATE TEMP TABLE sheet_allowed (line_id bigint, measure_id bigint, leads boolean) ON COMMIT DROP"
    )
    if allowed:
        execute_values(cursor.cursor, "INSERT INTO sheet_allowed VALUES %s", allowed)
    cursor.execute("ANALYZE sheet_product, sheet_channel, sheet_measure, sheet_allowed")


def keys_fill(cursor: Any) -> None:
    """Put the ids into ``sheet_key``, and the ``place`` they have in the order of the facts' key: the same
    for texts that mean the same. Combinations that cannot be are refused and stay without measure."""
    cursor.execute(
        """
        UPDATE sheet_key k
        SET product_id = r.product_id, channel_id = r.channel_id, measure_id = r.measure_id, place = r.place
        FROM (
            SELECT k.ctid, p.product_id, c.channel_id, a.measure_id,
                   dense_rank() OVER (ORDER BY p.product_id, a.measure_id, c.channel_id) AS place
            FROM sheet_key k, sheet_product p, sheet_channel c, sheet_measure m, sheet_allowed a
            WHERE p.raw = k.product AND p.source = k.source AND p.problem = ''
              AND c.raw = k.channel AND c.problem = ''
              AND m.raw = k.measure AND a.line_id = p.line_id
              AND CASE WHEN m.raw = '' THEN a.leads ELSE a.measure_id = m.measure_id END
        ) r
        WHERE k.ctid = r.ctid
        """
    )
    cursor.execute(
        """
        INSERT INTO refused (line, "column", value, code, params)
        SELECT s.line, 'measure', s.measure, 'measure_not_of_line', '{}'
        FROM staging s
        JOIN sheet_product p ON p.raw = s.product AND p.problem = ''
                            AND p.source = coalesce(s.code_source, '')
        JOIN sheet_measure m ON m.raw = s.measure AND m.measure_id IS NOT NULL
        WHERE NOT EXISTS (SELECT FROM sheet_allowed a
                          WHERE a.line_id = p.line_id AND a.measure_id = m.measure_id)
        """
    )
    cursor.execute("ANALYZE sheet_key")


def planned(cursor: Any, rows: str) -> list[Creation]:
    """The lines, products and channels that the rows that stand, in this temporary table, would make; those
    that nobody needs are dropped from the plan."""
    needs = {"product": f"SELECT product_id FROM {rows}", "channel": f"SELECT channel_id FROM {rows}"}
    needs["line"] = "SELECT line_id FROM sheet_new_product"
    cursor.execute("SELECT EXISTS (SELECT FROM refused)")
    if cursor.fetchone()[0]:
        for name, needed in needs.items():
            cursor.execute(f"DELETE FROM sheet_new_{name} WHERE id NOT IN ({needed})")
    cursor.execute(
        """
        SELECT 'lines', code, name, '' FROM sheet_new_line UNION ALL
        SELECT 'products', n.code, n.name, coalesce(l.name, nl.name) FROM sheet_new_product n
            LEFT JOIN products_productline l ON l.id = n.line_id
            LEFT JOIN sheet_new_line nl ON nl.id = n.line_id UNION ALL
        SELECT 'channels', code, name, '' FROM sheet_new_channel
        """
    )
    order = ("lines", "products", "channels")
    found = sorted(cursor.fetchall(), key=lambda row: (order.index(row[0]), row[1].lower()))
    return [Creation(*row) for row in found]


def create(cursor: Any, import_id: int) -> None:
    """Make what is planned; ``planned`` came first."""
    made = []
    for name in ("line", "product", "channel"):
        columns = "id, code, name, line_id" if name == "product" else "id, code, name"
        cursor.execute(f"SELECT {columns} FROM sheet_new_{name} ORDER BY id")
        made.append(cursor.fetchall())
    lines, products, channels = made
    if lines or products or channels:
        missing_create(import_id=import_id, lines=lines, products=products, channels=channels)
