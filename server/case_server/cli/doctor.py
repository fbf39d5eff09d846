"""`case-mcp doctor`: say on one screen whether it works, and what to do where it does not; writes at no vendor."""

import json
import os
import re
import socket
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from case_server.cli.screen import STYLES, screen
from case_tools import CaseDesk, CaseError, Settings
from case_tools.adapter.messages import Response
from case_tools.desk import check_surroundings
from case_tools.errors import ConfigurationError, CredentialsRefused, MissingScope
from case_tools.results import CasePage
from case_tools.settings import KoreSettings, TalkdeskSettings
from case_tools.transport.proxies import proxy_for

Level = Literal["ok", "warning", "fault"]
_STATUS: Final[Mapping[Level, int]] = {"ok": 0, "warning": 1, "fault": 2}
_SECRET: Final = re.compile(r"_(SECRET|HEADERS|PASSWORD|TOKEN|KEY)$")
_SLOW_CLOCK: Final = timedelta(seconds=30)
_LONGEST: Final = 15.0
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_PROBE: Final = {
    "name": "Check of the installation",
    "desc": "Opened by case-mcp doctor --write.",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2027-01-04T10:00:00Z",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line.

    Attributes:
        check: what was looked at.
        level: how it is.
        says: what was found.
        next_step: what to do; empty where it is ok.
    """

    check: str
    level: Level
    says: str
    next_step: str = ""


def examine(environment: Mapping[str, str], *, as_json: bool, write: bool) -> int:
    """Print what was found; return 0 where all is ok, 1 with a warning, 2 with a fault."""
    findings = anyio.run(_findings, environment, write)
    if as_json:
        print(json.dumps([asdict(each) for each in findings], ensure_ascii=False))  # noqa: T201 - the answer
    else:
        _show(findings)
    return max(_STATUS[each.level] for each in findings)


async def _findings(environment: Mapping[str, str], write: bool) -> list[Finding]:  # noqa: FBT001
    try:
        settings = Settings.from_environment(environment)
    except ConfigurationError as error:
        return [_fault("settings", error)]
    findings = [_settings(settings, environment)]
    try:
        check_surroundings(settings)
    except ConfigurationError as error:
        return [*findings, _fault("trust store, proxy", error)]
    findings += _state(settings)
    if findings[-1].level == "fault":
        return findings
    responses: list[Response] = []
    brief = settings.model_copy(update={"timeout": min(settings.timeout, _LONGEST)})
    try:
        async with CaseDesk(brief, observe=lambda _request, response: responses.append(response)) as desk:
            await desk.ready()
            findings.append(Finding(check="state", level="ok", says="it opens"))
            findings += await _desk(desk, settings, environment, responses)
            findings.append(await _writing(desk, settings, write=write))
    except CaseError as error:
        findings.append(_fault("state", error))
    return findings


def _fault(check: str, error: CaseError) -> Finding:
    return Finding(check=check, level="fault", says=error.what, next_step=error.next_step)


def _settings(settings: Settings, environment: Mapping[str, str]) -> Finding:
    """Say which settings the environment gives; of a secret its last two characters."""
    names = {name for model in (Settings, KoreSettings, TalkdeskSettings) for name in model.variables()}
    given = [
        f"{name}={_masked(environment[name]) if _SECRET.search(name) else _without_login(environment[name])}"
        for name in sorted(names & set(environment))
        if environment[name].strip()
    ]
    listed = ", ".join(given) if given else "nothing is set"
    return Finding(check="settings", level="ok", says=f"desk {settings.desk}; from the environment: {listed}")


def _masked(value: str) -> str:
    value = value.strip()
    return f"…{value[-2:]}" if len(value) > 8 else "…"  # noqa: PLR2004


def _without_login(value: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//…@", value)


def _state(settings: Settings) -> list[Finding]:
    where = settings.state_file
    if where == ":memory:":
        return [
            Finding(
                check="state",
                level="warning",
                says="it is kept in memory: after a restart a repeated call is not recognised",
                next_step="Unset CASE_MCP_STATE, or set it to a file.",
            )
        ]
    if "://" in where:
        return [Finding(check="state", level="ok", says="it is kept in a database")]
    folder = next(each for each in Path(where).absolute().parents if each.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return [
            Finding(
                check="state",
                level="fault",
                says=f"{folder} cannot be written",
                next_step="Set CASE_MCP_STATE to a file in a folder of yours.",
            )
        ]
    if os.name == "posix" and Path(where).exists() and stat.S_IMODE(Path(where).stat().st_mode) & _OTHERS:
        return [
            Finding(
                check="state",
                level="warning",
                says=f"{where} can be read by others",
                next_step=f"chmod 600 {where}",
            )
        ]
    return [Finding(check="state", level="ok", says=where)]


async def _desk(
    desk: CaseDesk, settings: Settings, environment: Mapping[str, str], responses: list[Response]
) -> list[Finding]:
    """Search for one row, and say of each thing on the way how it is."""
    if settings.desk == "embedded":
        page = await desk.call("search_cases", {"limit": 1})
        total = page.total if isinstance(page, CasePage) else 0
        return [Finding(check="desk", level="ok", says=f"the practice desk, {total} invented cases; no customer")]
    findings = [*await _way(desk.url, settings, environment)]
    try:
        page = await desk.call("search_cases", {"limit": 1})
    except CredentialsRefused as error:
        return [*findings, *_clock(responses), _fault("credentials", error)]
    except MissingScope as error:
        return [*findings, *_clock(responses), _fault("scope for reading", error)]
    except CaseError as error:
        return [*findings, *_clock(responses), _fault("desk", error)]
    total = page.total if isinstance(page, CasePage) else 0
    secure = "with a certificate that is trusted" if desk.url.startswith("https:") else "over plain http, loopback"
    return [
        *findings,
        Finding(check="connection", level="ok", says=f"{urlsplit(desk.url).hostname} answers {secure}"),
        *_clock(responses),
        Finding(check="credentials", level="ok", says="the desk accepts them"),
        Finding(
            check="scope for reading", level="ok", says=f"one search of one row; the desk counts {total} cases"
        ),
    ]


async def _way(url: str, settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Say whether a proxy is used, and whether the host's name is known where none is."""
    proxy = proxy_for(url, environment) if settings.proxy else None
    if proxy is not None:
        return [Finding(check="proxy", level="ok", says=f"the one in {proxy.variable} is used")]
    named = [name for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy") if environment.get(name)]
    unused = (
        [
            Finding(
                check="proxy",
                level="warning",
                says=f"{named[0]} is set, and not used for this desk",
                next_step="Set CASE_MCP_PROXY=true if the desk is reached through it only.",
            )
        ]
        if named and not settings.proxy
        else []
    )
    parts = urlsplit(url)
    try:
        await anyio.to_thread.run_sync(lambda: socket.getaddrinfo(parts.hostname, parts.port or 443))
    except OSError:
        return [
            *unused,
            Finding(
                check="name",
                level="fault",
                says=f"{parts.hostname} is no name that this machine knows",
                next_step="Check the desk's host in the settings, the network and its DNS.",
            ),
        ]
    return [*unused, Finding(check="name", level="ok", says=f"{parts.hostname} resolves")]


def _clock(responses: list[Response]) -> Iterator[Finding]:
    """Say how far this machine's clock is from the desk's."""
    for response in reversed(responses):
        try:
            shown = parsedate_to_datetime(response.headers.get("date", ""))
        except (ValueError, TypeError):
            continue
        off = datetime.now(UTC) - (shown if shown.tzinfo else shown.replace(tzinfo=UTC))
        if abs(off) < _SLOW_CLOCK:
            yield Finding(check="clock", level="ok", says="it is the desk's, to half a minute")
        else:
            direction = "ahead of" if off > timedelta() else "behind"
            yield Finding(
                check="clock",
                level="warning",
                says=f"it is {abs(off).total_seconds():.0f} seconds {direction} the desk's",
                next_step="Set this machine's clock (NTP): tokens are refused for it.",
            )
        return


async def _writing(desk: CaseDesk, settings: Settings, *, write: bool) -> Finding:
    check = "writing"
    if settings.access == "read_only":
        return Finding(check=check, level="ok", says="off (CASE_MCP_ACCESS=read_only)")
    if settings.desk != "embedded":
        return Finding(
            check=check,
            level="ok",
            says="not tried: this command never writes at a vendor. It needs the scope for writing beside "
            "that for reading",
        )
    if not write:
        return Finding(check=check, level="ok", says="not tried; --write opens a case in the practice desk")
    if settings.vendor != "kore" or settings.access != "full":
        return Finding(
            check=check,
            level="warning",
            says="not tried: --write needs CASE_MCP_ACCESS=full and the dialect kore",
            next_step="Call a tool by `case-mcp call`.",
        )
    try:
        created = await desk.call("create_case", _PROBE)
    except CaseError as error:
        return _fault(check, error)
    return Finding(check=check, level="ok", says=f"{created.data().get('ref')} stands in the practice desk")


def _show(findings: list[Finding]) -> None:
    from rich.table import Table  # noqa: PLC0415 - for people alone
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in findings:
        says = Text(each.says)
        if each.next_step:
            says.append(f"\n→ {each.next_step}", style="bold")
        table.add_row(Text(each.level, style=STYLES[each.level]), Text(each.check), says)
    screen().print(table)
