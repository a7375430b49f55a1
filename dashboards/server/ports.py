"""What the server needs from others, as small promises; whoever puts the parts together gives the real ones.

The server knows the event types only. It reaches neither the log nor the store itself.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from msgspec import Struct

from schemas.contact import Contact, PersonQuery
from schemas.events.dead_letter import DeadLetter
from schemas.events.emergency_call import EmergencyCall
from schemas.events.image import Image
from schemas.events.incident import Incident
from schemas.events.marker import Marker
from schemas.events.person import Person
from schemas.events.plate_noise import PlateNoise

#: Formats a question's answer can be asked in.
FORMATS = ("Pretty", "JSON", "CSV", "JSONEachRow")


class QueryRefusedError(Exception):
    """The question may not be asked (it writes, reads files, opens addresses ...). The text says why."""


class QueryFailedError(Exception):
    """The question was allowed but could not be answered (a typing error, a limit). The text says why."""


class ReplayRefusedError(Exception):
    """A dead letter cannot be given back as it is. The text says why and what to do instead."""


class StoreUnavailableError(Exception):
    """The store cannot be reached now; asking again later may help."""


class Query(Protocol):
    """Answers SQL written by people."""

    async def foreign(self, sql: str, fmt: str, raw: bool = False) -> bytes:
        """Return the answer as bytes in ``fmt`` (one of FORMATS); ``raw`` asks for the store's own numbers and ids.

        Raises QueryRefusedError, QueryFailedError or StoreUnavailableError.
        """
        ...


class ByRoad(Struct, frozen=True):
    """How long a unit drives to a place. ``seconds``: by road, at the speeds that the road graph has; None: not known,
    and ``why`` says why. ``at_least_s``: straight there at the highest speed of the graph; None without a graph."""

    seconds: float | None
    why: str
    at_least_s: float | None


class Roads(Protocol):
    """Answers how long units drive."""

    async def times(
        self, lat: float, lon: float, starts: Sequence[tuple[float, float]], most: int
    ) -> Sequence[ByRoad | None]:
        """Return the way from each start (latitude, longitude) to a place, in the order of ``starts``.

        None: it takes at least as long as ``most`` others that are told. Never raises for want of roads.
        """
        ...


class Before(Struct, frozen=True):
    """A place in the list of dead letters: those older than it follow."""

    occurred_at: datetime
    event_id: UUID


class DeadLetters(Protocol):
    """The refused events, newest first. Every method may raise StoreUnavailableError."""

    async def list(self, limit: int, before: Before | None, reason: str | None) -> Sequence[DeadLetter]:
        """Return up to ``limit`` dead letters, ordered by (occurred_at, event_id) descending, older than ``before``."""
        ...

    async def get(self, event_id: UUID) -> DeadLetter | None:
        """Return one dead letter, or None when there is none of this id."""
        ...

    async def replay(self, event_id: UUID) -> bool:
        """Give the original bytes back to their topic; False when there is none of this id.

        Returns after the broker has confirmed; raises schemas.wire.publisher.BrokerUnavailableError when it did not,
        and ReplayRefusedError when it would be refused again.
        """
        ...


class NoiseTexts(Protocol):
    """What cameras read that is no plate. May raise StoreUnavailableError."""

    async def list(self) -> Sequence[PlateNoise]:
        """Return the word that holds on each text at a camera, the latest first, at most 1,000."""
        ...


class LedgerGap(Struct, frozen=True, kw_only=True):
    """Events that one hop had and the next has not. ``event_ids``: some of them, where ids are known."""

    hop: str
    count: int
    event_ids: tuple[str, ...]
    why: str


class LedgerRow(Struct, frozen=True, kw_only=True):
    """One bucket of the ledger: events of a type and source, observed in one minute.

    Counts by hop; None where nobody counts or it cannot be checked. ``state``: balanced, resends, open,
    not_reported, not_comparable or gap; ``why`` says it in words.
    """

    event_type: str
    source: str
    minute: datetime
    accepted: int | None
    logged: int
    stored: int
    processed: int | None
    alerts_due: int | None
    alerts_raised: int | None
    state: str
    why: str
    gaps: tuple[LedgerGap, ...] = ()


class SequenceHole(Struct, frozen=True, kw_only=True):
    """Numbers ``first`` to ``last`` that a device gave its events; ``missing`` of them never came."""

    source: str
    device: str
    first: int
    last: int
    missing: int


class LedgerReport(Struct, frozen=True, kw_only=True):
    """The ledger of a period, worst rows first. ``begin``, ``end``: whole minutes; ``judged_at``: when (UTC)."""

    begin: datetime
    end: datetime
    judged_at: datetime | None
    rows: tuple[LedgerRow, ...]
    holes: tuple[SequenceHole, ...] = ()


class LedgerFigures(Struct, frozen=True, kw_only=True):
    """What the metrics say: buckets by state over the ledger's window, events missing by hop, lag by hop in messages.

    ``judged_ago_s``: seconds since the last judgement, None before the first.
    """

    states: dict[str, int]
    missing: dict[str, int]
    lag: dict[str, int]
    judged_ago_s: float | None


class LedgerBusyError(Exception):
    """A period is being verified; one at a time."""


class Ledger(Protocol):
    """Counts at each hop, and what they say. Methods may raise StoreUnavailableError or BrokerUnavailableError."""

    async def recent(self, begin: datetime, end: datetime) -> LedgerReport:
        """Return the verdicts kept of a period; they reach back two hours."""
        ...

    async def verify(self, begin: datetime, end: datetime) -> LedgerReport:
        """Read log and store anew and judge a period. Raises LedgerBusyError."""
        ...

    def figures(self) -> LedgerFigures:
        """Return the figures for the metrics."""
        ...


class Companion(Struct, frozen=True, kw_only=True):
    """A plate that was beside another at ``shared`` of its passes. ``by_chance``: how many chance would bring;
    ``chance``: how likely it brings as many to any of the plates that were beside it.
    """

    plate: str
    shared: int
    cameras: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    by_chance: float
    chance: float


class CompanyReport(Struct, frozen=True, kw_only=True):
    """Who kept company with a plate in a period, of how many ``passes`` of it."""

    begin: datetime
    end: datetime
    passes: int
    companions: tuple[Companion, ...]


class Companions(Protocol):
    """Who was beside a plate more often than traffic explains. May raise StoreUnavailableError."""

    async def company(self, plate: str, begin: datetime, end: datetime) -> CompanyReport:
        """Return who kept company with a plate in a period."""
        ...


#: What precision is told by.
PrecisionBy = Literal["camera", "list", "rule", "match"]


class Precision(Struct, frozen=True, kw_only=True):
    """Alerts about plates of one camera, list, rule or kind of match, and what people found of them.

    ``alerts``: raised in the period; ``judged``: verdicts given in it, all but other; ``published``: of those judged
    that said a probability. ``precision``: of those judged the share that was correct, with its 95 % interval ``low``
    .. ``high``; none judged: None.
    """

    name: str
    alerts: int
    judged: int
    correct: int
    wrong_state: int
    misread: int
    list_wrong: int
    other: int
    published: int
    precision: float | None
    low: float
    high: float


class CalibrationBin(Struct, frozen=True, kw_only=True):
    """Alerts with alike published probabilities: their mean, the share found right and its 95 % interval."""

    published: float
    found: float
    low: float
    high: float
    judged: int


class Calibration(Struct, frozen=True, kw_only=True):
    """Published probabilities against what was found; None where nothing was judged. Brier score: 0 is best."""

    judged: int
    brier: float | None
    brier_of_base_rate: float | None
    bins: tuple[CalibrationBin, ...]


class RuleRecord(Struct, frozen=True, kw_only=True):
    """What a rule asked of people, whatever its alerts are about, and what came of it: of those raised in the period.

    ``waiting``: nobody has taken them yet; ``escalated``: not taken in time. ``taken_p50_s``, ``taken_p95_s``: from
    being raised until somebody took, dispatched or closed them, of those that somebody did; none: None. ``unsaid``:
    closed without a word on what came of it. ``share_useful``: of those that were useful or false, with its 95 %
    interval ``low`` .. ``high``; neither: None.
    """

    rule: str
    raised: int
    waiting: int
    escalated: int
    taken_p50_s: float | None
    taken_p95_s: float | None
    closed: int
    useful: int
    false: int
    duplicate: int
    test: int
    unsaid: int
    share_useful: float | None
    low: float
    high: float


class AlertPrecision(Protocol):
    """What people found of alerts. Methods may raise StoreUnavailableError.

    ``simulated``: made-up ones too. ``audiences``: only alerts for these ("" is everybody's); None: all.
    """

    async def by(
        self, by: PrecisionBy, days: float, *, simulated: bool, audiences: Sequence[str] | None
    ) -> Sequence[Precision]:
        """Return precision by camera, list, rule or kind of match over the last days, most verdicts first.

        With those of which alerts were raised and none was judged.
        """
        ...

    async def calibration(self, days: float, *, simulated: bool, audiences: Sequence[str] | None) -> Calibration:
        """Return how well the probabilities published with alerts agree with what was found."""
        ...

    async def rules(self, days: float, *, simulated: bool, audiences: Sequence[str] | None) -> Sequence[RuleRecord]:
        """Return the record of each rule over the last days: most false alerts first, then most alerts."""
        ...


class Flight(Struct, frozen=True, kw_only=True):
    """The last canary of a connector: a made-up read posted through its door.

    ``fault``: "" when it came the whole way in time, else what did not happen, in plain words; ``stage``: where (door,
    processing, screen, store). ``door_ms``, ``screen_ms``, ``stored_ms``: from the post to its answer, to a websocket,
    to a row in the store; None when it did not come so far in time.
    """

    connector: str
    at: datetime
    fault: str = ""
    stage: str = ""
    door_ms: float | None = None
    screen_ms: float | None = None
    stored_ms: float | None = None


class CopyRefusedError(Exception):
    """A table cannot be copied as asked. The text says why."""


class CopyableStore(Struct, frozen=True, kw_only=True):
    """The tables of a store that can be copied, and the migrations that made them."""

    tables: tuple[str, ...]
    migrations: tuple[str, ...]


class StoreCopies(Protocol):
    """Copies whole tables into files. Methods may raise StoreUnavailableError."""

    async def about(self) -> CopyableStore:
        """Return what there is."""
        ...

    async def copy(self, folder: str, table: str) -> object:
        """Write a table into a folder that the asker made, and return counts and digests, which encode as JSON.

        Raises CopyRefusedError.
        """
        ...


class Images(Protocol):
    """The pictures of reads that raised an alert."""

    def get(self, read_id: UUID) -> Image | None:
        """Return what is known of a read's picture; None where none was ever wanted."""
        ...

    async def picture(self, image: Image) -> bytes | None:
        """Return a picture that was fetched; None when it is no longer kept."""
        ...


class IncidentFacts(Struct, frozen=True, kw_only=True):
    """What is known of an incident now: its newest state, that of its calls and people, and the whole source documents
    (EIDO, JSON) that its calls were made of, newest first."""

    incident: Incident
    calls: tuple[EmergencyCall, ...]
    persons: tuple[Person, ...] = ()
    documents: tuple[str, ...] = ()


class Incidents(Protocol):
    """Incidents with all that belongs to them. May raise StoreUnavailableError."""

    async def facts(self, incident_id: UUID) -> IncidentFacts | None:
        """Return what is known of one, or None when there is none of this id."""
        ...


class TooSlowError(Exception):
    """A question took longer than it may."""


class People(Protocol):
    """Finds people by name. It reads only and merges nobody."""

    async def find(self, asked: PersonQuery, limit: int) -> Sequence[object]:
        """Return records, best first, each with its reasons; they encode as JSON.

        Raises TooSlowError or StoreUnavailableError.
        """
        ...


class SearchKeys(Protocol):
    """The keys by which people are found. What is returned encodes as JSON."""

    def state(self) -> object:
        """Return how they stand: ``version``, ``old``, ``is_running``, ``done``, ``todo``, ``fault``."""
        ...

    def start(self) -> object:
        """Begin to make older ones again, unless that runs; return how they stand."""
        ...


class ContactHistory(Protocol):
    """What the store knows of who calls."""

    def parts(self, asked: Contact) -> Mapping[str, Coroutine[Any, Any, object]]:
        """Return the questions by name, not yet begun; each answer encodes as JSON.

        Each may raise TooSlowError or StoreUnavailableError.
        """
        ...

    async def markers(self) -> object:
        """Return all markers that hold now; it encodes as JSON. Raises TooSlowError or StoreUnavailableError."""
        ...

    async def marker(self, marker_id: str) -> Marker | None:
        """Return a marker's newest state, or None when there is none or it was taken back."""
        ...

    def number(self, text: str) -> str:
        """Return a phone number as + and digits, or "" when it is none."""
        ...


class Vitals(Struct, frozen=True, kw_only=True):
    """How the parts around the server are doing, as seen by whoever put them together.

    ``log_polled_ago_s``: seconds since the log reader last asked the broker and got an answer (None: never).
    ``publisher``, ``store``: "" when well, else what is wrong in plain words; ``store`` is None when there is no store.
    ``behind_s``: seconds that the oldest event which waits for a stage (process, store) has waited; None: not known.
    ``canaries``: the last made-up read of each connector that is watched.
    ``details``: anything else worth showing on /api/status.
    """

    log_alive: bool
    log_polled_ago_s: float | None
    publisher: str = ""
    store: str | None = None
    behind_s: dict[str, float] | None = None
    canaries: Sequence[Flight] = ()
    details: dict[str, object] = {}
