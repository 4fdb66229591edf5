"""What rooms can add to each other. ``doctor`` lists what is registered where."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from .registry import Registry


@dataclass(frozen=True)
class MenuEntry:
    """A line in the side menu; ``badge(user)`` gives the small number at its right, if any, or the rows to
    count for it (one queryset or several): the frame counts all of a page in one query."""

    key: str
    label: Any
    url_name: str
    icon: str
    order: int
    permission: str = ""
    badge: Callable[[Any], QuerySet[Any] | tuple[QuerySet[Any], ...] | int | None] | None = None


@dataclass(frozen=True)
class AccountPage:
    """A page about oneself, found by search."""

    key: str
    label: Any
    url_name: str
    order: int = 0


@dataclass(frozen=True)
class OrganisationRule:
    """What a room has against a change of the organisation: ``refuse(current, values)`` raises a
    ``DomainError``; ``values`` are the fields that would change."""

    key: str
    refuse: Callable[[Any, Mapping[str, Any]], None]
    order: int = 0


@dataclass(frozen=True)
class OrganisationChange:
    """What a room does when the organisation changes: ``act(values)``, in the same transaction; ``values``
    are the fields that changed."""

    key: str
    act: Callable[[Mapping[str, Any]], Any]
    order: int = 0


@dataclass(frozen=True)
class MonthBooking:
    """What a room books before a month is closed, so that what closes is whole: ``book(until)``, in the
    transaction that closes it. What it raises leaves the month open."""

    key: str
    book: Callable[[datetime.date], object]
    order: int = 0


@dataclass(frozen=True)
class ClosedNames:
    """What a room's things are called, to be kept when a month is closed. ``rows``: SQL that gives
    ``id, code, name, above, said``; ``said`` is JSON."""

    key: str
    rows: str
    order: int = 0


@dataclass(frozen=True)
class FrameRows:
    """Rows for the frame: ``row``, a ``JSONObject``, is what is read of each, and ``show`` makes of those, in
    any order, what the template gets."""

    rows: QuerySet[Any, Any]
    row: JSONObject
    show: Callable[[list[Any]], Any]


@dataclass(frozen=True)
class FramePart:
    """Something the frame of every page shows, built per request: ``followed``, ``unread``, ``data_status``,
    ``notifications_url``. ``build(user)`` gives it as it is shown, or :class:`FrameRows`, or
    the rows to count: the frame reads all rows of a page in one query."""

    key: str
    build: Callable[[Any], Any]
    order: int = 0


@dataclass(frozen=True)
class ProductTab:
    """A tab of a product's page, or of a family's; its URL takes the code."""

    key: str
    label: Any
    url_name: str
    order: int
    permission: str = ""


@dataclass(frozen=True)
class Panel:
    """A card that a room adds to a page about an object. ``build(user, object)`` gives the template's
    context, or ``None`` when there is nothing to show. ``slot``: ``main`` or ``side`` of the product
    overview, ``talk`` under every :class:`Subject`, or another that a page names."""

    key: str
    slot: str
    template: str
    build: Callable[[Any, Any], Mapping[str, Any] | None]
    order: int
    permission: str = ""


@dataclass(frozen=True)
class FamilyColumn:
    """A column that a room adds to the list of families: ``read(user, families)`` gives by id what
    ``template`` shows as ``cell``; a family that is not in it has no cell. ``note``: under the label."""

    key: str
    label: Any
    template: str
    read: Callable[[Any, Sequence[Any]], Mapping[int, Any]]
    order: int
    note: Any = ""


@dataclass(frozen=True)
class Subject:
    """A kind of object that people talk about. ``visible(user)`` are the rows a person may see, ``url(row)``
    is the page that shows what was said (its slot ``talk``), ``title(row)`` how it is called there; whoever
    is in ``people(row)`` is told."""

    key: str
    model: type[Model]
    visible: Callable[[Any], QuerySet[Any]]
    url: Callable[[Any], str]
    title: Callable[[Any], str] = str
    people: Callable[[Any], Iterable[Any]] = lambda row: ()
    order: int = 0


@dataclass(frozen=True)
class ProductReading:
    """What a room reads in the same query as the product of a page: ``expression(user)`` is a subquery for
    its row (``OuterRef("pk")``), and becomes the attribute ``key`` of the product."""

    key: str
    expression: Callable[[Any], Any]
    order: int = 0


@dataclass(frozen=True)
class Event:
    """A mark on a chart: ``kind`` is launch, end, price, promotion, incident, decision or stage."""

    kind: str
    date: datetime.date
    label: str
    text: str = ""


@dataclass(frozen=True)
class EventSource:
    """``events(user, product, first, last)`` are the marks a room adds to a product's charts."""

    key: str
    events: Callable[[Any, Any, datetime.date, datetime.date], Iterable[Event]]
    order: int = 0


@dataclass(frozen=True)
class SearchHit:
    title: str
    subtitle: str
    url: str


@dataclass(frozen=True)
class SearchSource:
    """``search(user, text, limit)`` finds what the person may see. ``alike``, in the same way, what is alike
    to the text; only asked when nothing holds it."""

    key: str
    label: Any
    search: Callable[[Any, str, int], Sequence[SearchHit]]
    order: int
    alike: Callable[[Any, str, int], Sequence[SearchHit]] | None = None


class NotThereYet(Exception):
    """What is asked for is still being made."""


@dataclass(frozen=True)
class MailFile:
    """A file that mails take along: ``find(enclosed)`` gives its name, content and type as it is when the
    mail goes, or none; raises :class:`NotThereYet`."""

    key: str
    find: Callable[[Mapping[str, Any]], tuple[str, bytes, str] | None]
    order: int = 0


@dataclass(frozen=True)
class MailText:
    """What a mail says that is made when it goes and must not be kept, as a link that opens something;
    ``make`` is told what the mail was enqueued with."""

    key: str
    make: Callable[[Mapping[str, Any]], str]
    order: int = 0


@dataclass(frozen=True)
class JobKind:
    """How one kind of job is done: ``run(context)`` computes and writes (see ``core.jobs``).

    ``failed(job)`` is called once when the job is given up. ``lease_seconds`` is how long a silent worker
    keeps it.
    """

    key: str
    run: Callable[[Any], Mapping[str, Any] | None]
    label: Any
    failed: Callable[[Any], None] | None = None
    lease_seconds: int = 60
    order: int = 0


@dataclass(frozen=True)
class NightlyStep:
    """One step of the night.

    ``chunks(run)`` cuts the work into payloads (JSON); ``compute(run, payload)`` reads and computes outside a
    transaction and returns a *write*: a callable that is run in the one transaction that also closes the
    chunk, and returns a :class:`ChunkOutcome`. ``after`` names steps that must be done first.
    """

    key: str
    label: Any
    chunks: Callable[[Any], Iterable[Mapping[str, Any]]]
    compute: Callable[[Any, Mapping[str, Any]], Callable[[], ChunkOutcome]]
    after: tuple[str, ...] = ()
    order: int = 0


@dataclass(frozen=True)
class SubjectFailure:
    """A product or family a chunk could not compute: reason as code and numbers."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    product_id: int | None = None
    family_id: int | None = None


@dataclass(frozen=True)
class ChunkOutcome:
    """How many products and families of the chunk were computed, and skipped because nothing changed. Of a
    chunk without any: one, itself. ``done``: (product id, family id) of the computed ones, of a step that
    tells which; those it does not name and that did not fail are then listed as skipped."""

    computed: int = 0
    skipped: int = 0
    failures: tuple[SubjectFailure, ...] = ()
    done: frozenset[tuple[int | None, int | None]] | None = None


@dataclass(frozen=True)
class DoctorCheck:
    """``problems()`` yields a sentence for each thing that is not as it must be."""

    key: str
    label: str
    problems: Callable[[], Iterable[str]]
    order: int = 0


@dataclass(frozen=True)
class HealthCheck:
    """``well()`` says whether this part works; what it raises means it does not. Quick: a second at most."""

    key: str
    well: Callable[[], bool]
    order: int = 0


@dataclass(frozen=True)
class Gauge:
    """A figure of now for monitoring, ``pmtool_<key>``; ``read()`` gives values by those of ``labels``."""

    key: str
    help: str
    read: Callable[[], Mapping[tuple[str, ...], float]]
    labels: tuple[str, ...] = ()
    order: int = 0


@dataclass(frozen=True)
class DecisionReading:
    """How kept decisions of a kind are shown: ``visible(user)`` are the things approved (references) whose
    decisions a person may read of, ``opened(user)`` those whose page (``url(row)``) they may open, and
    ``words(what)`` say what was decided about one product. ``partly(user)``: of the visible ones those that
    are also about channels beyond the person's; nothing: no such things are."""

    visible: Callable[[Any], QuerySet[Any]]
    opened: Callable[[Any], QuerySet[Any]]
    url: Callable[[Any], str]
    words: Callable[[Mapping[str, Any]], str]
    partly: Callable[[Any], QuerySet[Any]] | None = None


@dataclass(frozen=True)
class DecisionKind:
    """A kind of decision that four eyes may be asked for; with a ``reading`` it is kept and measured."""

    key: str
    label: Any
    order: int = 0
    reading: DecisionReading | None = None


@dataclass(frozen=True)
class PlannedChange:
    """What was decided and will move a product: the factor on the volume of each month ahead (empty: it moves
    none), what words are made of (JSON; empty: nothing new), what a unit brings in then against the 12
    months before (empty: the same), and the standard deviation of each factor's logarithm (empty: known).
    ``apart``: what it does to measures (ids) that it moves otherwise, such as a state. ``days``: what it does
    on single days, against one on which it does nothing (first day, last day, rate): how a month's factor is
    shared over its weeks; on other days nothing."""

    factors: tuple[float, ...]
    params: Mapping[str, Any]
    prices: tuple[float, ...] = ()
    spreads: tuple[float, ...] = ()
    apart: Mapping[int, PlannedChange] = field(default_factory=dict)
    days: tuple[tuple[datetime.date, datetime.date, float], ...] = ()

    def on(self, measure_id: int, *, is_level: bool) -> PlannedChange:
        """Of one measure. A state stands still unless it is said how it moves: what is decided moves what
        comes in and goes out."""
        if measure_id in self.apart:
            return self.apart[measure_id]
        return replace(self, factors=(), spreads=(), apart={}) if is_level else replace(self, apart={})


@dataclass(frozen=True)
class PlannedSource:
    """A room that knows of decisions ahead. ``changes(product_ids, months)`` gives the night what moves the
    products' volume and prices in these months, by product id; ``words(params)`` are its name and a sentence
    (``still``: it moves no volume); ``of_members`` is its name for a family, which moves with its members.
    Where a driver whose code is ``key`` works in the forecast already, the change is left to it."""

    key: str
    changes: Callable[[Collection[int], Sequence[datetime.date]], Mapping[int, PlannedChange]]
    words: Callable[[Mapping[str, Any]], tuple[str, str]]
    of_members: Any
    order: int = 0


@dataclass(frozen=True)
class PromotedSource:
    """A room that knows when products were sold in promotion. ``months(product_ids, until)`` gives the night,
    by product id, the months up to that one with the share of the month's volume, 0 to 1."""

    key: str
    months: Callable[[Collection[int], datetime.date], Mapping[int, Mapping[datetime.date, float]]]
    order: int = 0


@dataclass(frozen=True)
class ReportField:
    """A field that a report can tell. ``kind``: ``open`` to everybody, ``cost`` (a cost, a margin, or what
    one can be worked out from), ``person`` (a name, an address) or ``internal`` (what the house keeps to
    itself).
    """

    key: str
    label: Any
    kind: str = "open"
    order: int = 0


@dataclass(frozen=True)
class ReportSection:
    """A section that reports can have. ``build(builder, context)`` adds its blocks; ``permission`` is what an
    author needs to choose it. ``blocks``: the names of its charts and tables, of which one can be chosen
    alone, with their labels. ``asks``: it shows what it is asked (``context.query``), and nothing without."""

    key: str
    label: Any
    build: Callable[[Any, Any], None]
    order: int
    permission: str = ""
    blocks: Mapping[str, Any] = field(default_factory=lambda: TABLE)
    asks: bool = False


CHART: Mapping[str, Any] = {"chart": _("Chart")}
TABLE: Mapping[str, Any] = {"table": _("Table")}
"""What a section has that names none of its charts and tables itself."""


menu: Registry[MenuEntry] = Registry("menu")
account_pages: Registry[AccountPage] = Registry("account pages")
organisation_rules: Registry[OrganisationRule] = Registry("organisation rules")
organisation_changes: Registry[OrganisationChange] = Registry("organisation changes")
month_bookings: Registry[MonthBooking] = Registry("month bookings")
closed_names: Registry[ClosedNames] = Registry("closed names")
frame_parts: Registry[FramePart] = Registry("frame parts")
product_tabs: Registry[ProductTab] = Registry("product tabs")
family_tabs: Registry[ProductTab] = Registry("family tabs")
family_columns: Registry[FamilyColumn] = Registry("family columns")
panels: Registry[Panel] = Registry("panels")
subjects: Registry[Subject] = Registry("subjects")
product_readings: Registry[ProductReading] = Registry("product readings")
event_sources: Registry[EventSource] = Registry("event sources")
search_sources: Registry[SearchSource] = Registry("search sources")
job_kinds: Registry[JobKind] = Registry("job kinds")
mail_files: Registry[MailFile] = Registry("mail files")
mail_texts: Registry[MailText] = Registry("mail texts")
nightly_steps: Registry[NightlyStep] = Registry("nightly steps")
doctor_checks: Registry[DoctorCheck] = Registry("doctor checks")
health_checks: Registry[HealthCheck] = Registry("health checks")
gauges: Registry[Gauge] = Registry("gauges")
decision_kinds: Registry[DecisionKind] = Registry("decision kinds")
planned_sources: Registry[PlannedSource] = Registry("planned sources")
promoted_sources: Registry[PromotedSource] = Registry("promoted sources")
report_fields: Registry[ReportField] = Registry("report fields")
report_sections: Registry[ReportSection] = Registry("report sections")
