"""What a dialect of the desk must be, and how dialects are found.

A dialect shows the desk's cases in one vendor's wire format. It is found by the entry point group
``case_mcp.dialects``, so that one can live in a package of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Final, Protocol

from case_tools.embedded.guesses import Guesses
from case_tools.embedded.http import RequestHead, Respond
from case_tools.embedded.quota import RequestQuota
from case_tools.embedded.records import Json
from case_tools.embedded.refusals import RefusedError
from case_tools.embedded.store import DeskAccount, DeskStore

_GROUP: Final = "case_mcp.dialects"


@dataclass(frozen=True, slots=True)
class DeskParts:
    """What a dialect works on; ``wall`` returns the seconds since 1970 by which access tokens expire."""

    store: DeskStore
    quota: RequestQuota
    wall: Callable[[], float]
    guesses: Guesses


class DialectRoutes(Protocol):
    """A dialect over the cases of one desk."""

    def begin(self, head: RequestHead) -> Respond:
        """Route the request and check its credentials; return what answers its body."""

    def problem(self, head: RequestHead, error: RefusedError) -> Json:
        """Write the body of a refusal."""


class PracticeDialect(Protocol):
    """A vendor's wire format; an entry point names an instance."""

    def speaks(self, path: str) -> bool:
        """Say whether a path is of this dialect."""

    def routes(self, parts: DeskParts) -> DialectRoutes:
        """Return the dialect over the cases of one desk."""

    def environment(self, account: DeskAccount, *, host: str) -> Mapping[str, str]:
        """Return the settings with which an adapter reaches the desk, the secret in clear."""


def dialects() -> Mapping[str, PracticeDialect]:
    """Load every installed dialect, by name."""
    return {found.name: found.load() for found in sorted(entry_points(group=_GROUP), key=lambda each: each.name)}
