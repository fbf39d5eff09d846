"""Where the server listens."""

import re
import socket
from collections.abc import Mapping, Sequence
from typing import Final

from case_tools.errors import ConfigurationError

_ADDRESS: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]+)):(?P<port>[0-9]{1,5})")
_NEEDED_BEYOND: Final = ("CASE_MCP_KEYS", "CASE_MCP_DESK", "CASE_MCP_ACCESS")
_LAST_PORT: Final = 65_535


def place_of(address: str) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """Return the address family and the place of `HOST:PORT`.

    Raises:
        ConfigurationError: it is no address, or the host's name is not known.
    """
    parts = _ADDRESS.fullmatch(address)
    wrong = ConfigurationError(
        f"--http {address!r} is no address.", next_step="Give HOST:PORT, e.g. 127.0.0.1:8000 or [::1]:8000."
    )
    if parts is None or int(parts["port"]) > _LAST_PORT:
        raise wrong
    try:
        found = socket.getaddrinfo(parts["v6"] or parts["host"], int(parts["port"]), type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        raise wrong from None
    family, _, _, _, place = found[0]
    return family, (str(place[0]), int(place[1]))


def refuse_incomplete(environment: Mapping[str, str], hosts: Sequence[str], place: str) -> None:
    """Refuse to serve other machines before keys, desk, access and a host name are chosen.

    Raises:
        ConfigurationError: names what is missing.
    """
    missing = [name for name in _NEEDED_BEYOND if not environment.get(name, "").strip()]
    missing += [] if hosts else ["--allow-host"]
    if missing:
        raise ConfigurationError(
            f"{place} can be reached from other machines, and {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing.",
            next_step="Set them, or serve 127.0.0.1.",
        )


def listener_at(family: socket.AddressFamily, place: tuple[str, int], address: str) -> socket.socket:
    """Listen at a place.

    Raises:
        ConfigurationError: the place is taken or not this machine's.
    """
    # asyncio sends an answer's last part at once only where the protocol is named; else it waits some 40 ms.
    listener = socket.socket(family, proto=socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"{address} cannot be served: {error.strerror}.", next_step="Give another port, or 0 for a free one."
        ) from None
    return listener
