"""Which proxy stands before a desk, from the environment; knows no HTTP client."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from case_tools.errors import ConfigurationError

_BRACKETED: Final = re.compile(r"\[(?P<host>[^\]]*)\](?P<bits>/\d{1,3})?(?::(?P<port>\d{1,5}))?")
_WITH_PORT: Final = re.compile(r"(?P<host>[^:]*):(?P<port>\d{1,5})")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy and the variable that names it; the address may hold a password."""

    url: str = field(repr=False)
    variable: str


def proxy_for(url: str, environment: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for an address; None where it is reached directly.

    The variables are those of curl: `HTTPS_PROXY` or `HTTP_PROXY` by the address, else `ALL_PROXY`, in capitals or
    not; `NO_PROXY` lists names, their domains, addresses, networks, each with or without a port.

    Raises:
        ConfigurationError: the variable names no HTTP proxy.
    """
    target = urlsplit(url)
    for name in (f"{target.scheme}_proxy", "all_proxy"):
        variable = next((each for each in (name, name.upper()) if environment.get(each, "").strip()), None)
        if variable is not None:
            if _is_excepted(target, environment):
                return None
            return Proxy(url=_checked(environment[variable].strip(), variable), variable=variable)
    return _proxy_of_the_system(target)


def _proxy_of_the_system(target: SplitResult) -> Proxy | None:
    """Return what the settings of Windows or macOS name; elsewhere there is only the environment."""
    named = getproxies().get(target.scheme)
    if named is None or proxy_bypass(target.hostname or ""):
        return None
    return Proxy(url=_checked(named, "the system's proxy setting"), variable="the system's proxy setting")


def _checked(address: str, variable: str) -> str:
    """Return the proxy's address with its scheme."""
    url = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_proxy(variable) from None
    if parts.scheme.lower().startswith("socks"):
        raise ConfigurationError(
            f"{variable} names a SOCKS proxy, which is not supported.",
            next_step="Set it to an http:// or https:// proxy, list the desk's host in NO_PROXY, or set "
            "CASE_MCP_PROXY=false.",
        )
    usual = parts.scheme.lower() in _DEFAULT_PORTS and parts.hostname and not re.search(r"\s", url)
    if not usual or port == 0 or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise _no_proxy(variable)
    return url


def _no_proxy(variable: str) -> ConfigurationError:
    return ConfigurationError(
        f"{variable} is not the address of a proxy.",
        next_step="Set it to e.g. http://proxy.example.com:3128, or set CASE_MCP_PROXY=false.",
    )


def _is_excepted(target: SplitResult, environment: Mapping[str, str]) -> bool:
    listed = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    host, port = (target.hostname or "").rstrip("."), target.port or _DEFAULT_PORTS.get(target.scheme)
    return any(_excepts(each, host, port) for each in re.split(r"[,\s]+", listed) if each)


def _excepts(entry: str, host: str, port: int | None) -> bool:
    """Tell whether one entry of `NO_PROXY` covers the host."""
    if entry == "*":
        return True
    entry = entry.lower().split("://")[-1]
    match = _BRACKETED.fullmatch(entry) or (None if _network(entry) else _WITH_PORT.fullmatch(entry))
    if match is not None:
        if match["port"] and int(match["port"]) != port:
            return False
        entry = match["host"] + (match.groupdict().get("bits") or "")
    if (network := _network(entry)) is not None:
        address = _address(host)
        return address is not None and address in network
    name = entry.removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return the network of an entry such as `10.0.0.0/8` or `::1`."""
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
