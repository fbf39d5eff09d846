"""`case-mcp keys`: the file of API keys and the commands on it."""

import json
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from case_server.http.keys import KeyFile, KeyRing
from case_tools import ConfigurationError
from served import run
from web_served import EVERYTHING, key_of, write_keys


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the name of a file that is not there yet."""
    return tmp_path / "keys.json"


def keys(path: Path, *arguments: str) -> tuple[int, str, str]:
    """Run a command on the file."""
    return run("keys", *arguments, settings={"CASE_MCP_KEYS": str(path)})


def test_added_key_is_printed_alone_and_kept_as_a_digest(path: Path) -> None:
    """*Ours*: 256 random bits once on stdout; the file is its owner's alone and holds no key."""
    status, out, errors = keys(path, "add", "front-desk", "--scopes", "cases:write, cases:read", "--days", "30")
    assert (status, re.fullmatch(r"cmk_[A-Za-z0-9_-]{43}\n", out) is not None) == (0, True)
    key = out.strip()
    [entry] = json.loads(path.read_text())["keys"]
    created, expires = (datetime.fromisoformat(entry[name]) for name in ("created", "expires"))
    assert entry == {
        "name": "front-desk",
        "sha256": sha256(key.encode()).hexdigest(),
        "scopes": ["cases:read", "cases:write"],
        "created": entry["created"],
        "expires": entry["expires"],
    }
    assert expires - created == timedelta(days=30)
    assert errors == (
        f"case-mcp: front-desk may use this key for cases:read, cases:write until {expires:%Y-%m-%d}; "
        "it is not shown again\n"
    )
    assert key not in errors + path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["keys.json"]


def test_keys_are_listed_without_their_digests_and_revoked_by_name(path: Path) -> None:
    """*Ours*: a name that was revoked may be added again."""
    write_keys(path, {"one": EVERYTHING, "two": ("cases:read",)}, expired=("two",))
    status, out, errors = keys(path, "list")
    now = datetime.now(UTC)
    added, later, past = (f"{now + timedelta(days=days):%Y-%m-%d}" for days in (-2, 1, -1))
    assert (status, errors) == (0, "")
    assert out == (
        f"one  cases:read,cases:write,tasks:write  added {added}  until {later}\n"
        f"two  cases:read  added {added}  EXPIRED {past}\n"
    )
    assert keys(path, "revoke", "one") == (0, "", "case-mcp: one is revoked\n")
    assert [each.name for each in KeyFile(path).entries()] == ["two"]
    assert keys(path, "add", "one", "--scopes", "cases:read")[0] == 0
    assert [each.name for each in KeyFile(path).entries()] == ["two", "one"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("add", "one", "--scopes", "cases:read"), "There is a key named one. case-mcp keys revoke one, or take"),
        (("add", "Front Desk", "--scopes", "cases:read"), "'Front Desk' is no name of a key. Take small letters,"),
        (("add", "local", "--scopes", "cases:read"), "'local' is no name of a key."),
        (("add", "x" * 65, "--scopes", "cases:read"), f"'{'x' * 65}' is no name of a key."),
        (
            ("add", "new", "--scopes", "cases:all"),
            "--scopes names something else than a scope. Known are cases:read,",
        ),
        (("add", "new", "--scopes", ""), "--scopes names something else than a scope."),
        (("add", "new", "--scopes", "cases:read", "--days", "0"), "--days is out of range. Give 1 to 3650 days."),
        (("revoke", "nobody-else"), "There is no key named 'nobody-else'. See case-mcp keys list."),
    ],
)
def test_command_that_cannot_be_done_changes_nothing(arguments: tuple[str, ...], line: str, path: Path) -> None:
    """*Ours*: one line on stderr, and the file as it was."""
    write_keys(path, {"one": EVERYTHING})
    before = path.read_bytes()
    status, out, errors = keys(path, *arguments)
    assert (status, out, errors.count("\n"), path.read_bytes()) == (2, "", 1, before)
    assert errors.startswith(f"case-mcp: {line}")


def test_file_must_be_named() -> None:
    """*Ours*: there is no default place that a server and a person could disagree on."""
    for arguments in (("list",), ("revoke", "one"), ("add", "one", "--scopes", "cases:read")):
        assert run("keys", *arguments, settings={}) == (
            2,
            "",
            "case-mcp: CASE_MCP_KEYS is missing. Set it to the file that keeps the keys.\n",
        )


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"keys": 1}',
        '{"keys": [], "more": 1}',
        '{"keys": [{"name": "one", "key": "canary"}]}',
    ],
)
def test_file_of_another_kind_is_neither_used_nor_overwritten(content: str, path: Path) -> None:
    """*Ours*: somebody's file stays theirs, and its content is not repeated."""
    path.write_text(content)
    path.chmod(0o600)
    for arguments in (("list",), ("add", "two", "--scopes", "cases:read")):
        told = f"case-mcp: The file {path} is no keys file. Check the file that CASE_MCP_KEYS names.\n"
        assert keys(path, *arguments) == (2, "", told)
    assert path.read_text() == content


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o606])
def test_file_that_others_can_open_is_refused_with_the_line_that_mends_it(mode: int, path: Path) -> None:
    """*Ours*: who can write it lets themselves in."""
    write_keys(path, {"one": EVERYTHING})
    path.chmod(mode)
    with pytest.raises(ConfigurationError) as caught:
        KeyFile(path).entries()
    assert (caught.value.what, caught.value.next_step) == (
        f"The keys file {path} is open to others.",
        f"chmod 600 {path}",
    )


def test_two_writers_lose_no_key(path: Path) -> None:
    """*Ours*: of writers at the same time each one's key is in the file, or it is told that it is not."""

    def add(number: int) -> tuple[str, str]:
        try:
            return KeyFile(path).add(f"bot-{number}", scopes=["cases:read"], days=1)[1].name, ""
        except ConfigurationError as error:
            return "", error.what

    with ThreadPoolExecutor(8) as pool:
        told = [*pool.map(add, range(64))]
    assert {what for name, what in told if not name} <= {"Another command is changing the keys."}
    assert {entry.name for entry in KeyFile(path).entries()} == {name for name, _ in told if name} != set()


def test_change_that_was_broken_off_is_told_with_the_file_to_delete(path: Path) -> None:
    """*Ours*: a lock left behind by a machine that lost its power."""
    write_keys(path, {"one": EVERYTHING})
    lock = path.with_name("keys.json.new")
    lock.touch()
    told = f"case-mcp: Another command is changing the keys. Try again; if none is at work, delete {lock}.\n"
    assert keys(path, "revoke", "one") == (2, "", told)


def test_key_is_good_until_the_moment_it_expires(path: Path, noon: datetime) -> None:
    """*Ours*: found all the same, so that the log can say whose it was."""
    key, entry = KeyFile(path, clock=lambda: noon).add("one", scopes=["cases:read"], days=1)
    now = [noon]
    ring = KeyRing(KeyFile(path), clock=lambda: now[0])
    good = []
    for moment in (noon, noon + timedelta(hours=23, minutes=59), noon + timedelta(days=1)):
        now[0] = moment
        assert ring.find(key.encode()) == entry
        good.append(ring.is_good(entry))
    assert good == [True, True, False]
    assert ring.find(key_of("another").encode()) is None
