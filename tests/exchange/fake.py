"""A small sheet for the tests: amounts by code, place and month in a table of its own."""

from __future__ import annotations

from typing import Any

from accounts.errors import DomainError
from exchange.sheets import Counts, Field, Option

TABLE = """
    CREATE TABLE IF NOT EXISTS fake_fact (
        id bigserial PRIMARY KEY, code text NOT NULL, place text NOT NULL, month date NOT NULL,
        units numeric(18,4), revenue numeric(18,4), import_id bigint, UNIQUE (code, place, month)
    );
    CREATE TABLE IF NOT EXISTS fake_journal (
        import_id bigint, code text, place text, month date, existed boolean,
        units numeric(18,4), revenue numeric(18,4), old_import_id bigint
    );
    TRUNCATE fake_fact, fake_journal;
"""
_ROWS = """
    SELECT s.code, coalesce(s.place, '') AS place, coalesce(s.month, s.day) AS month, s.units, s.revenue,
           f.id AS fact_id, f.units AS old_units, f.revenue AS old_revenue, f.import_id AS old_import_id,
           CASE WHEN f.id IS NULL THEN 'new'
                WHEN (f.units, f.revenue) IS DISTINCT FROM (s.units, s.revenue) THEN 'changed'
                ELSE 'unchanged' END AS effect, s.line
    FROM staging s
    LEFT JOIN fake_fact f ON f.code = s.code AND f.place = coalesce(s.place, '')
                         AND f.month = coalesce(s.month, s.day)
    WHERE NOT EXISTS (SELECT FROM refused r WHERE r.line = s.line)
"""


class FakeSheet:
    key = "fake"
    label = "Fake figures"
    help_text = "Figures for the tests."
    order = 5
    permission = "products.view"
    wide_field = "month"
    can_create = True
    fields = (
        Field("code", "code", "Code", True, ("sku", "artikel")),
        Field("place", "text", "Place", False, ("channel", "kanaal")),
        Field("month", "month", "Month", False, ("maand",)),
        Field("day", "date", "Day", False, ("date", "datum")),
        Field("units", "number", "Units", False, ("afzet", "volume")),
        Field("revenue", "amount", "Revenue", False, ("omzet",)),
        Field("promoted", "flag", "Promoted", False, ()),
    )
    one_of = (("month", "day"), ("units", "revenue"))
    options = (
        Option("meaning", "What does revenue mean?", (("net", "Net"), ("gross", "Gross")), ("revenue",)),
    )
    reasons = {"unknown_code": "there is no product %(value)s"}
    creates_labels = {"codes": "Codes"}

    def sees_all(self, user: Any) -> bool:
        return not user.line_limits.exists()

    def check(self, cursor: Any, options: Any, user: Any) -> None:
        if not options["create_missing"]:
            cursor.execute(
                """INSERT INTO refused (line, "column", value, code)
                   SELECT line, 'code', code, 'unknown_code' FROM staging WHERE code LIKE 'unknown%'"""
            )

    def preview(self, cursor: Any, options: Any) -> Counts:
        cursor.execute(
            f"""SELECT count(*) FILTER (WHERE effect = 'new'), count(*) FILTER (WHERE effect = 'changed'),
                       count(*) FILTER (WHERE effect = 'unchanged'), sum(units), sum(revenue),
                       min(month), max(month) FROM ({_ROWS}) r"""
        )
        new, changed, unchanged, units, revenue, first, last = cursor.fetchone()
        totals = {"units": units, "revenue": revenue}
        return Counts(
            new,
            changed,
            unchanged,
            totals={name: str(total) for name, total in totals.items() if total is not None},
            months_from=first and first.replace(day=1),
            months_to=last and last.replace(day=1),
        )

    def sample(self, cursor: Any, limit: int, options: Any) -> list[dict[str, Any]]:
        cursor.execute(f"SELECT line, effect, code, units::text FROM ({_ROWS}) r ORDER BY line LIMIT {limit}")
        return [
            {"line": line, "effect": effect, "code": code, "units": units}
            for line, effect, code, units in cursor.fetchall()
        ]

    def apply(self, cursor: Any, import_id: int, options: Any) -> Counts:
        counts = self.preview(cursor, options)
        cursor.execute(
            f"""INSERT INTO fake_journal SELECT %s, code, place, month, fact_id IS NOT NULL, old_units,
                       old_revenue, old_import_id FROM ({_ROWS}) r WHERE effect <> 'unchanged'""",
            [import_id],
        )
        cursor.execute(
            f"""INSERT INTO fake_fact (code, place, month, units, revenue, import_id)
                SELECT code, place, month, units, revenue, %s FROM ({_ROWS}) r WHERE effect <> 'unchanged'
                ON CONFLICT (code, place, month) DO UPDATE
                SET units = EXCLUDED.units, revenue = EXCLUDED.revenue, import_id = EXCLUDED.import_id""",
            [import_id],
        )
        return counts

    def undo(self, cursor: Any, import_id: int) -> Counts:
        cursor.execute("SELECT count(*) FROM fake_fact WHERE code = 'stuck' AND import_id = %s", [import_id])
        if cursor.fetchone()[0]:
            raise DomainError("stuck", "it is stuck")
        cursor.execute(
            """DELETE FROM fake_fact f USING fake_journal j WHERE j.import_id = %s AND NOT j.existed
               AND (f.code, f.place, f.month) = (j.code, j.place, j.month)""",
            [import_id],
        )
        cursor.execute(
            """UPDATE fake_fact f SET units = j.units, revenue = j.revenue, import_id = j.old_import_id
               FROM fake_journal j WHERE j.import_id = %s AND j.existed
               AND (f.code, f.place, f.month) = (j.code, j.place, j.month)""",
            [import_id],
        )
        return Counts()


def facts() -> list[tuple[Any, ...]]:
    """Everything the fake sheet has written: code, place, month, units, revenue."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, place, month::text, units, revenue FROM fake_fact ORDER BY code, place, month"
        )
        return cursor.fetchall()
