"""MCP over HTTP: check what an open address needs, listen, serve until a signal."""

import contextlib
import ipaddress
import logging
from collections.abc import Mapping, Sequence
from typing import Final

import case_tools.pipeline.opening  # noqa: F401 - else the first call waits for the import of what it needs
from case_server.http.addresses import listener_at, place_of, refuse_incomplete
from case_server.http.app import application_for
from case_server.http.draining_server import DrainingServer
from case_server.http.keys import KeyFile, KeyRing
from case_server.http.names import AllowedNames
from case_server.mcp.session import Session
from case_tools.settings import Settings

_GRACE_SECONDS: Final = 5
_log = logging.getLogger("case_server.http")


def serve_http(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    address: str,
    hosts: Sequence[str] = (),
    origins: Sequence[str] = (),
) -> int:
    """Serve until a signal, finish what is under way, and return the exit status.

    Args:
        settings: the desk and the behaviour.
        environment: where the settings were read from; beyond loopback some must be set, whatever their default.
        address: `HOST:PORT`; port 0 takes a free one.
        hosts: names by which clients reach the server, with a port or for any.
        origins: origins of web pages that may call it.

    Raises:
        ConfigurationError: the address cannot be used, something is missing that an open address needs, or the
            keys or the desk cannot be used.
    """
    family, place = place_of(address)
    is_local = ipaddress.ip_address(place[0].partition("%")[0]).is_loopback
    if not is_local:
        refuse_incomplete(environment, hosts, place[0])
    names = AllowedNames.read(hosts, origins, is_local=is_local)
    file = KeyFile(settings.keys) if settings.keys else None
    if file:
        file.entries()  # one that cannot be used is reported at start
    ring = KeyRing(file) if file else None
    session = Session(settings)
    session.audit.start()
    session.opened  # noqa: B018 - a desk that cannot be opened is reported at start
    with contextlib.closing(listener_at(family, place, address)) as listener:
        gate, application = application_for(session, ring, names)
        facts = _facts(settings, place[0], listener.getsockname()[1], keys=ring is not None)
        DrainingServer(application, gate, facts=facts, seconds=settings.timeout + _GRACE_SECONDS).run([listener])
    _log.info("ended")
    return 0


def _facts(settings: Settings, host: str, port: int, *, keys: bool) -> dict[str, object]:
    shown = f"[{host}]" if ":" in host else host
    practice = {"note": "practice desk; no customer is reached"} if settings.desk == "embedded" else {}
    return {
        "url": f"http://{shown}:{port}/mcp",
        "desk": settings.desk,
        "access": settings.access,
        "keys": keys,
        **practice,
    }
