"""Where the server listens, and which hosts and origins a request may name."""

import re
import socket
from collections.abc import Mapping, Sequence
from typing import Final

from mcp.server.transport_security import TransportSecuritySettings

from case_tools.errors import ConfigurationError

_ADDRESS: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]+)):(?P<port>[0-9]{1,5})")
_NAME: Final = re.compile(r"(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?P<port>:[0-9]{1,5})?")
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::[0-9]{1,5})?")
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "[::1]")
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


def security_for(hosts: Sequence[str], origins: Sequence[str], *, is_local: bool) -> TransportSecuritySettings:
    """Return the hosts and origins that a request may name.

    Raises:
        ConfigurationError: one is no host or no origin.
    """
    allowed_hosts = [name for host in _THIS_MACHINE for name in (host, f"{host}:*")] if is_local else []
    allowed_origins = [f"http://{host}" for host in allowed_hosts] + [f"https://{host}" for host in allowed_hosts]
    for host in hosts:
        parts = _NAME.fullmatch(host.lower())
        if parts is None:
            raise ConfigurationError(
                f"--allow-host {host!r} is no host.", next_step="Give a name, e.g. cases.example.com."
            )
        allowed_hosts += [parts[0]] if parts["port"] else [parts[0], f"{parts[0]}:*"]
    for origin in origins:
        if not _ORIGIN.fullmatch(origin.lower()):
            raise ConfigurationError(
                f"--allow-origin {origin!r} is no origin.", next_step="Give one, e.g. https://bots.example.com."
            )
        allowed_origins.append(origin.lower())
    return TransportSecuritySettings(allowed_hosts=allowed_hosts, allowed_origins=allowed_origins)


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
