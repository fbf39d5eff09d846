"""The kinds of fault, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from faults.desk import Reply, Vendor
from faults.proxy import Cut, Door

Write = Literal["create", "update", "note"]
Disturbance = Literal["kill", "close", "give up"]
TIMEOUT: Final = 1.5
"""Seconds for one tool call."""

_LATE: Final = 2.5
_TOO_LATE: Final = 8.0
_BOTH: Final[tuple[Vendor, ...]] = ("kore", "talkdesk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What befalls each intent.

    Attributes:
        name: what the table calls it.
        cuts: what befalls the write on its way; one is drawn each time.
        replies: how the desk answers the write; one is drawn each time.
        strikes: how many writes of each intent are struck; 0: every one.
        mended: whether the fault of the replies lasts until it is mended.
        door: what new connections meet, now and then, or until the fault is mended.
        host: where the server is led until the fault is mended; `{port}` is the proxy's.
        search: how the desk answers searches until the fault is mended.
        token: how the desk answers requests for a token until the fault is mended.
        lag: seconds until the desk's search shows a case.
        write: what the caller wants.
        disturbance: what else happens to server and client.
        servers: processes that work on one store, each given the same intent at once.
        database: whether that store is a PostgreSQL database.
        shows_notes: whether the desk's search shows notes.
        vendors: whom it concerns.
        doubled_if_insisted: whether a second case is the caller's own doing, who was told to look first.
    """

    name: str
    cuts: tuple[Cut, ...] = ()
    replies: tuple[Reply, ...] = ()
    strikes: int = 1
    mended: bool = False
    door: Door = "open"
    host: str = ""
    search: Reply | None = None
    token: Reply | None = None
    lag: float = 0.0
    write: Write = "create"
    disturbance: Disturbance | None = None
    servers: int = 1
    database: bool = False
    shows_notes: bool = True
    vendors: tuple[Vendor, ...] = _BOTH
    doubled_if_insisted: bool = False

    @property
    def late(self) -> float:
        """Seconds after which the desk has done and shows what it does and shows late."""
        comes_late = bool(self.lag or any(cut.late for cut in self.cuts))
        return _LATE + 0.5 if comes_late else 0.0

    @property
    def may_be_unknown(self) -> bool:
        """Whether no search can tell what became of a write."""
        return self.search is not None or not self.shows_notes

    @property
    def door_opens(self) -> bool:
        """Whether connections meet the fault for a short time only."""
        return self.door != "open" and not self.host

    @property
    def stands_alone(self) -> bool:
        """Whether it befalls all that happens meanwhile, and cannot run beside other kinds."""
        return bool(
            self.lasts or self.door != "open" or self.disturbance or self.servers > 1 or not self.shows_notes
        )

    @property
    def lasts(self) -> bool:
        """Whether the fault stays until it is mended."""
        return bool(self.host or self.search or self.token or self.mended)


def _limited(**headers: str) -> Reply:
    words = "You've exceeded the per-minute rate limit. Please wait for sometime before retrying."
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=429, commit=False, words=words, headers=named)


def _failing(status: int, *, commit: bool) -> Reply:
    return Reply(status=status, commit=commit)


_EITHER: Final = (True, False)
_LOST_ANSWER: Final = Cut(answer=0, then="hang")
_REFUSED: Final = Reply(status=401, commit=False, words="Invalid JWT token")
_BROKEN_SEARCH: Final = Reply(status=500)

NO_FAULT: Final = Kind(name="no fault")
KINDS: Final[tuple[Kind, ...]] = (
    NO_FAULT,
    Kind(name="name lookup", host="https://desk.invalid"),
    Kind(name="refused", door="refuses"),
    Kind(name="TLS: garbage", door="garbage", host="https://127.0.0.1:{port}"),
    Kind(name="TLS: untrusted certificate", door="untrusted", host="https://127.0.0.1:{port}"),
    Kind(name="connect timeout", door="hangs"),
    Kind(name="reset on connecting", door="resets"),
    Kind(name="reset before the request", cuts=(Cut(request=0),)),
    Kind(name="reset after the request", cuts=(Cut(answer=0),)),
    Kind(name="closed after the request", cuts=(Cut(answer=0, then="close"),)),
    Kind(name="half a request", cuts=tuple(Cut(request=size) for size in (1, 16, 150, 400, -60, -1))),
    Kind(name="timeout before the commit", cuts=(Cut(request=0, then="hang"),)),
    Kind(name="timeout after the commit", cuts=(_LOST_ANSWER,)),
    Kind(name="timeout, and a late commit", cuts=(Cut(answer=0, then="hang", late=_LATE),)),
    Kind(name="slow drip, in time", cuts=(Cut(drip=0.001, grain=24),)),
    Kind(name="slow drip, too slow", cuts=(Cut(drip=0.05),)),
    Kind(
        name="truncated",
        cuts=tuple(Cut(answer=size, then=then) for size in (1, 20, 90, 300, -1) for then in ("close", "reset")),
    ),
    Kind(name="truncated, and silent", cuts=tuple(Cut(answer=size, then="hang") for size in (1, 90, -1))),
    Kind(name="cut JSON", replies=tuple(Reply(form="cut", commit=each) for each in _EITHER)),
    Kind(name="not JSON", replies=tuple(Reply(form="text", commit=each) for each in _EITHER)),
    Kind(name="HTML with 200", replies=tuple(Reply(form="html", status=200, commit=each) for each in _EITHER)),
    Kind(name="empty 200", replies=tuple(Reply(form="empty", status=200, commit=each) for each in _EITHER)),
    Kind(
        name="wrong shape",
        replies=tuple(Reply(form=form, commit=each) for form in ("list", "other") for each in _EITHER),
    ),
    Kind(name="401 once", replies=(_REFUSED,)),
    Kind(name="401 always", replies=(_REFUSED,), strikes=0, mended=True),
    Kind(name="429, seconds", replies=(_limited(retry_after="1"),)),
    Kind(name="429, a date", replies=(_limited(retry_after="Sat, 21 Nov 2026 00:00:00 GMT"),)),
    Kind(name="429, absurd", replies=tuple(_limited(retry_after=each) for each in ("-5", "soon", "1e99"))),
    Kind(name="429, without a time", replies=(_limited(),)),
    *(
        Kind(
            name=f"{status}, {'committed' if commit else 'not committed'}",
            replies=(_failing(status, commit=commit),),
        )
        for status in (500, 502, 503, 504)
        for commit in _EITHER
    ),
    Kind(name="the index lags", cuts=(Cut(answer=0), _LOST_ANSWER), lag=_LATE),
    Kind(name="the index lags longer", cuts=(Cut(answer=0),), lag=_TOO_LATE, doubled_if_insisted=True),
    Kind(name="the search is broken too", cuts=(Cut(answer=0), _LOST_ANSWER), search=_BROKEN_SEARCH),
    Kind(name="struck twice", cuts=(Cut(answer=0), Cut(request=0)), strikes=2),
    Kind(name="the token is refused", token=_REFUSED, vendors=("talkdesk",)),
    Kind(name="the client gives up", replies=(Reply(delay=0.2),), strikes=0, disturbance="give up"),
    Kind(name="the server is closed", replies=(Reply(delay=0.1),), strikes=0, disturbance="close"),
    Kind(name="kill -9", cuts=(*[Cut()] * 6, Cut(answer=0), Cut(request=0)), disturbance="kill"),
    Kind(name="three processes, one store", cuts=(Cut(), Cut(answer=0)), servers=3),
    Kind(name="four replicas, one database", cuts=(Cut(), Cut(answer=0)), servers=4, database=True),
    Kind(
        name="four replicas, one killed now and then",
        cuts=(*[Cut()] * 6, Cut(answer=0), Cut(request=0)),
        disturbance="kill",
        servers=4,
        database=True,
    ),
    Kind(name="an update: reset after the request", cuts=(Cut(answer=0),), write="update"),
    Kind(name="an update: timeout before the commit", cuts=(Cut(request=0, then="hang"),), write="update"),
    Kind(name="an update: kill -9", write="update", disturbance="kill"),
    Kind(name="a note: reset after the request", cuts=(Cut(answer=0),), write="note", vendors=("talkdesk",)),
    Kind(name="a note: reset before the request", cuts=(Cut(request=0),), write="note", vendors=("talkdesk",)),
    Kind(name="a note: kill -9", write="note", disturbance="kill", vendors=("talkdesk",)),
    Kind(
        name="a note that no search shows",
        cuts=(Cut(answer=0), Cut(request=0)),
        write="note",
        vendors=("talkdesk",),
        shows_notes=False,
    ),
)
BY_NAME: Final[Mapping[str, Kind]] = {kind.name: kind for kind in KINDS}
