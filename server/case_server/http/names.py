"""The hosts and origins that a request may name, compared whole.

Without that a page of elsewhere could lead a browser here by a name of its own (DNS rebinding).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from case_tools.errors import ConfigurationError

_HOST: Final = r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?"
_NAME: Final = re.compile(_HOST)
_ORIGIN: Final = re.compile(rf"(?P<scheme>[a-z][a-z0-9+.-]*)://{_HOST}")
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "[::1]")
_WEB: Final = ("http", "https")
_LAST_PORT: Final = 65_535

_Place = tuple[str, str | None]
"""A host and its port; None stands for none where it is given, and for any where it is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedNames:
    """The hosts and origins that may be named.

    Attributes:
        hosts: by host and port.
        origins: by scheme, host and port.
        pages_here: whether any page of this machine may call.
    """

    hosts: frozenset[_Place] = frozenset()
    origins: frozenset[tuple[str, _Place]] = frozenset()
    pages_here: bool = False

    @classmethod
    def read(cls, hosts: Sequence[str], origins: Sequence[str], *, is_local: bool) -> Self:
        """Return the names that were given, and those of this machine where it alone is served.

        Raises:
            ConfigurationError: one is no host or no origin.
        """
        named: set[_Place] = {(host, None) for host in _THIS_MACHINE} if is_local else set()
        for host in hosts:
            place = _place(_NAME.fullmatch(host.lower()))
            if place is None:
                raise ConfigurationError(
                    f"--allow-host {host!r} is no host.", next_step="Give a name, e.g. cases.example.com."
                )
            named.add(place)
        pages: set[tuple[str, _Place]] = set()
        for origin in origins:
            parts = _ORIGIN.fullmatch(origin.lower())
            place = _place(parts)
            if parts is None or place is None:
                raise ConfigurationError(
                    f"--allow-origin {origin!r} is no origin.",
                    next_step="Give one, e.g. https://bots.example.com.",
                )
            pages.add((parts["scheme"], place))
        return cls(hosts=frozenset(named), origins=frozenset(pages), pages_here=is_local)

    def has_host(self, given: str) -> bool:
        """Say whether a Host header names one; a name that was allowed without a port goes for any."""
        place = _place(_NAME.fullmatch(given.lower()))
        return place is not None and (place in self.hosts or (place[0], None) in self.hosts)

    def has_origin(self, given: str) -> bool:
        """Say whether an Origin header names one, with exactly its scheme and port."""
        parts = _ORIGIN.fullmatch(given.lower())
        place = _place(parts)
        if parts is None or place is None:
            return False
        here = self.pages_here and parts["scheme"] in _WEB and place[0] in _THIS_MACHINE
        return here or (parts["scheme"], place) in self.origins


def _place(parts: re.Match[str] | None) -> _Place | None:
    if parts is None or int(parts["port"] or 0) > _LAST_PORT:
        return None
    return parts["host"], parts["port"]
