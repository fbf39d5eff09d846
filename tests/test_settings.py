"""The environment read into settings: which desk, what is missing, what may stand in a setting."""

import json
from pathlib import Path
from typing import Final

import platformdirs
import pytest
from pydantic import ValidationError

from case_tools import ConfigurationError, KoreSettings, Settings
from loopback import SECRET

KORE: Final = {
    "KORE_HOST": "platform.kore.ai",
    "KORE_STREAM_ID": "st-00000000-0000-4000-8000-000000000001",
    "KORE_ACCOUNT_ID": "000000000000000000000001",
    "KORE_CLIENT_ID": "cs-00000000-0000-4000-8000-000000000001",
    "KORE_CLIENT_SECRET": SECRET,
}
NEEDED: Final = tuple(KORE)


def refused(environment: dict[str, str]) -> str:
    """Return what the refusal of an environment says."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment(environment)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__}"
    return str(caught.value)


def account_of(**changes: str) -> KoreSettings:
    """Return the account of a whole environment with changes."""
    account = Settings.from_environment({**KORE, **changes}).account
    assert account is not None
    return account


def test_an_empty_environment_gives_the_embedded_desk() -> None:
    """*Ours*: it works without any account, and every default is as the design says."""
    assert Settings.from_environment({}) == Settings(
        desk="embedded",
        fields="writable",
        toolsets=("cases",),
        timeout=25.0,
        state=None,
        proxy=False,
        account=None,
    )


def test_a_whole_account_gives_its_desk() -> None:
    """*Ours*: without CASE_MCP_DESK, KORE_* alone choose the desk."""
    assert Settings.from_environment(KORE) == Settings(
        desk="kore",
        account=KoreSettings(
            host="https://platform.kore.ai",
            stream_id=KORE["KORE_STREAM_ID"],
            account_id=KORE["KORE_ACCOUNT_ID"],
            client_id=KORE["KORE_CLIENT_ID"],
            client_secret=SECRET,
            jwt_algorithm="HS256",
        ),
    )


@pytest.mark.parametrize("name", KoreSettings.variables())
@pytest.mark.parametrize("value", ["", "  ", "x"])
def test_any_kore_setting_alone_is_an_incomplete_account(name: str, value: str) -> None:
    """*Ours*: present even if empty, so that a lost secret never sends cases to the practice desk."""
    assert "is missing." in refused({name: value})


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({"TALKDESK_ACCOUNT": "acme"}, id="Talkdesk alone"),
        pytest.param({"TALKDESK_ACCOUNT": ""}, id="present, but empty"),
        pytest.param({"TALKDESK_ACCOUNT": "acme", **KORE}, id="beside a whole Kore account"),
        pytest.param({"TALKDESK_ACCOUNT": "acme", "CASE_MCP_DESK": " "}, id="with an empty choice"),
    ],
)
def test_talkdesk_settings_ask_for_a_choice(environment: dict[str, str]) -> None:
    """*Ours*: two vendors, or one that this version does not have, is never guessed."""
    assert refused(environment) == (
        "TALKDESK_* is set, and this version has no Talkdesk desk. Nothing was changed. "
        "Set CASE_MCP_DESK to kore or embedded, or remove it."
    )


@pytest.mark.parametrize(
    ("environment", "desk"),
    [
        pytest.param({"CASE_MCP_DESK": "embedded"}, "embedded", id="embedded"),
        pytest.param({"CASE_MCP_DESK": "embedded", **KORE}, "embedded", id="embedded beside an account"),
        pytest.param({"CASE_MCP_DESK": "embedded", "KORE_HOST": "h"}, "embedded", id="embedded beside a part"),
        pytest.param({"CASE_MCP_DESK": "embedded", "TALKDESK_X": "1"}, "embedded", id="embedded beside Talkdesk"),
        pytest.param({"CASE_MCP_DESK": "kore", **KORE}, "kore", id="kore"),
        pytest.param({"CASE_MCP_DESK": " kore ", **KORE}, "kore", id="kore with spaces"),
        pytest.param({"CASE_MCP_DESK": "kore", "TALKDESK_X": "1", **KORE}, "kore", id="kore beside Talkdesk"),
        pytest.param({"CASE_MCP_DESK": "", **KORE}, "kore", id="empty beside an account"),
        pytest.param({"CASE_MCP_DESK": ""}, "embedded", id="empty alone"),
        pytest.param({"HOME": "/root", "KORED": "1", "PATH": ""}, "embedded", id="names of others"),
    ],
)
def test_the_desk_is_the_one_chosen(environment: dict[str, str], desk: str) -> None:
    """*Ours*: CASE_MCP_DESK decides where it is set; what is set for other desks then does not matter."""
    chosen = Settings.from_environment(environment)

    assert (chosen.desk, chosen.vendor, chosen.account is not None) == (desk, "kore", desk == "kore")


@pytest.mark.parametrize("value", ["talkdesk", "Kore", "none", "embedded,kore"])
def test_an_unknown_desk_is_refused(value: str) -> None:
    """*Ours*: also with a whole account beside it."""
    said = (
        "CASE_MCP_DESK must be 'embedded' or 'kore'. "
        "Nothing was changed. Set that in the environment and start again."
    )

    assert refused({"CASE_MCP_DESK": value}) == refused({"CASE_MCP_DESK": value, **KORE}) == said


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("value", [None, "", " \t"], ids=["left out", "empty", "blank"])
def test_each_missing_setting_is_named(name: str, value: str | None) -> None:
    """*Ours*: the one that is missing, and no other."""
    environment = {each: text for each, text in KORE.items() if each != name}
    if value is not None:
        environment[name] = value

    assert refused(environment) == (
        f"{name} is missing. Nothing was changed. Set that in the environment and start again."
    )


def test_all_missing_settings_are_named_at_once() -> None:
    """*Ours*: one start tells everything, the secret included, not one setting a start."""
    named = " ".join(f"{name} is missing." for name in NEEDED)

    assert refused({"CASE_MCP_DESK": "kore"}) == (
        f"{named} Nothing was changed. Set that in the environment and start again."
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("CASE_MCP_DESC", "Did you mean CASE_MCP_DESK?", id="a slip"),
        pytest.param("CASE_MCP_TIME_OUT", "Did you mean CASE_MCP_TIMEOUT?", id="an underscore"),
        pytest.param("KORE_SECRET", "Did you mean KORE_CLIENT_SECRET?", id="a part of the name"),
        pytest.param("KORE_STREAMID", "Did you mean KORE_STREAM_ID?", id="a vendor's setting"),
        pytest.param("KORE_host", "Did you mean KORE_HOST?", id="small letters"),
        pytest.param("CASE_MCP_QQQQQQQQQQQQQQQQQQQQQQQ", "Known are CASE_MCP_DESK, ", id="nothing near"),
    ],
)
def test_an_unknown_setting_is_refused_with_the_nearest(name: str, hint: str) -> None:
    """*Ours*: a misspelt setting would else be silently without effect."""
    said = refused({**KORE, name: SECRET})

    assert said.startswith(f"{name} is not a setting of this version. Nothing was changed. {hint}")


def test_an_account_is_no_variable() -> None:
    """*Ours*: the field that holds the account cannot be set from the environment."""
    assert refused({"CASE_MCP_ACCOUNT": "x"}).startswith("CASE_MCP_ACCOUNT is not a setting of this version.")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        pytest.param("platform.kore.ai", "https://platform.kore.ai", id="bare"),
        pytest.param("https://platform.kore.ai", "https://platform.kore.ai", id="scheme"),
        pytest.param("https://platform.kore.ai/", "https://platform.kore.ai", id="slash"),
        pytest.param(" platform.kore.ai/ ", "https://platform.kore.ai", id="spaces"),
        pytest.param("platform.kore.ai:8443", "https://platform.kore.ai:8443", id="port"),
        pytest.param("https://platform.kore.ai:8443/", "https://platform.kore.ai:8443", id="all of it"),
        pytest.param("platform.kore.ai:65535", "https://platform.kore.ai:65535", id="largest port"),
        pytest.param("desk", "https://desk", id="one label"),
        pytest.param("192.0.2.7", "https://192.0.2.7", id="address"),
        pytest.param("http://127.0.0.1:8700", "http://127.0.0.1:8700", id="loopback"),
        pytest.param("http://127.1.2.3", "http://127.1.2.3", id="loopback network"),
        pytest.param("http://localhost:8700/", "http://localhost:8700", id="localhost"),
        pytest.param("http://[::1]:8700/", "http://[::1]:8700", id="IPv6 loopback"),
        pytest.param("http://[::1]", "http://[::1]", id="IPv6 loopback without port"),
        pytest.param("[::1]:8700", "https://[::1]:8700", id="IPv6 loopback without scheme"),
    ],
)
def test_a_host_is_taken_as_administrators_paste_it(given: str, url: str) -> None:
    """*Ours*: with or without scheme, slash and port."""
    assert account_of(KORE_HOST=given).host == url


@pytest.mark.parametrize(
    "given",
    [
        "https://platform.kore.ai/agentassist", "platform.kore.ai/x", "platform.kore.ai?x=1", "a.kore.ai#x",
        "https://user@platform.kore.ai", "https://user:password@platform.kore.ai", "user@127.0.0.1",
        "ftp://platform.kore.ai", "file:///etc/passwd", "//platform.kore.ai", "https://", "https:platform.kore.ai",
        "platform kore.ai", "platform.kore.ai\\x", "platform.kore.ai\nx", "plätform.kore.ai", "-kore.ai", "k-",
        ".kore.ai", "platform.kore.ai:port", "platform.kore.ai:0", "platform.kore.ai:65536", "a.kore.ai:99999",
        "platform.kore.ai:٤٤٣", "platform.kore.ai:-1", "platform.kore.ai:443:443", "[::1]8700", "[::1]x", "[::2]",
        "[::1", "::1", "https://[::1]:8700/x", "[::1]:", "{host}", "%6b.ai",
    ],
)  # fmt: skip
def test_what_is_no_host_is_refused(given: str) -> None:
    """*Ours*: no path, user or query, nothing that a URL library could read in another way."""
    assert refused({**KORE, "KORE_HOST": given}) == (
        "KORE_HOST must be a host, e.g. platform.kore.ai, without path, user or query. "
        "Nothing was changed. Set that in the environment and start again."
    )


@pytest.mark.parametrize(
    "given",
    [
        "http://platform.kore.ai", "http://192.168.0.1", "http://0.0.0.0", "http://127.0.0.1.evil.example",
        "http://localhost.evil.example", "http://128.0.0.1", "http://127.0.0", "http://1127.0.0.1",
    ],
)  # fmt: skip
def test_plain_http_is_for_loopback_only(given: str) -> None:
    """*Ours*: a token never goes over a network in the clear."""
    assert refused({**KORE, "KORE_HOST": given}) == (
        "KORE_HOST may use plain http only for this machine (loopback): use https. "
        "Nothing was changed. Set that in the environment and start again."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KORE_STREAM_ID", "00000000"), ("KORE_STREAM_ID", "st-"), ("KORE_STREAM_ID", "st-1/../x"),
        ("KORE_STREAM_ID", "st-1\nx"), ("KORE_STREAM_ID", "st-" + "1" * 126), ("KORE_STREAM_ID", "st-é"),
        ("KORE_ACCOUNT_ID", "1\r\nx: y"), ("KORE_ACCOUNT_ID", "-1"), ("KORE_ACCOUNT_ID", "1" * 129),
        ("KORE_ACCOUNT_ID", "a b"), ("KORE_CASE_TEMPLATE", "ttm-1"), ("KORE_CASE_TEMPLATE", "ctm-a b"),
    ],
)  # fmt: skip
def test_an_id_of_the_wrong_shape_is_refused(name: str, value: str) -> None:
    """*Ours*: what goes into a path or a header is checked at start."""
    assert refused({**KORE, name: value}).startswith(f"{name} has a wrong form: ")


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_a_shared_secret_signs_hs(algorithm: str) -> None:
    """*Documented* (Kore, JWT app): these two need the secret and no file."""
    account = account_of(KORE_JWT_ALGORITHM=algorithm)

    assert (account.jwt_algorithm, account.private_key_file) == (algorithm, None)


@pytest.mark.parametrize("algorithm", ["RS256", "RS512"])
def test_a_key_file_signs_rs(algorithm: str, tmp_path: Path) -> None:
    """*Documented* (Kore, JWT app): these two need the file and no secret."""
    key = tmp_path / "key.pem"
    key.write_text("an invented key")
    environment = {**KORE, "KORE_JWT_ALGORITHM": algorithm, "KORE_PRIVATE_KEY_FILE": str(key)}
    del environment["KORE_CLIENT_SECRET"]

    account = Settings.from_environment(environment).account

    assert account is not None
    assert (account.jwt_algorithm, account.private_key_file, account.client_secret) == (algorithm, key, None)


@pytest.mark.parametrize("algorithm", ["RS256", "RS512"])
def test_rs_without_a_key_file_is_refused(algorithm: str) -> None:
    """*Ours*: a secret beside it does not help."""
    assert refused({**KORE, "KORE_JWT_ALGORITHM": algorithm}) == (
        f"KORE_PRIVATE_KEY_FILE is missing: KORE_JWT_ALGORITHM is {algorithm}. "
        "Nothing was changed. Set that in the environment and start again."
    )


@pytest.mark.parametrize("name", ["", "missing.pem"], ids=["a folder", "no file"])
def test_a_key_file_that_cannot_be_read_is_refused(name: str, tmp_path: Path) -> None:
    """*Ours*: at start, not at the first call."""
    environment = {**KORE, "KORE_JWT_ALGORITHM": "RS256", "KORE_PRIVATE_KEY_FILE": str(tmp_path / name)}

    assert refused(environment) == (
        "KORE_PRIVATE_KEY_FILE names a file that cannot be read. "
        "Nothing was changed. Set that in the environment and start again."
    )


def test_hs_without_a_secret_is_refused_even_with_a_key_file(tmp_path: Path) -> None:
    """*Ours*: a file must never take the place of a shared secret (the algorithm confusion of JWTs)."""
    key = tmp_path / "key.pem"
    key.write_text("an invented key")

    said = refused({**KORE, "KORE_CLIENT_SECRET": "", "KORE_PRIVATE_KEY_FILE": str(key)})

    assert said.startswith("KORE_CLIENT_SECRET is missing.")


@pytest.mark.parametrize("algorithm", ["none", "hs256", "HS384", "ES256"])
def test_an_algorithm_that_kore_does_not_have_is_refused(algorithm: str) -> None:
    """*Documented* (Kore, JWT app): four algorithms."""
    assert refused({**KORE, "KORE_JWT_ALGORITHM": algorithm}) == (
        "KORE_JWT_ALGORITHM must be 'HS256', 'HS512', 'RS256' or 'RS512'. "
        "Nothing was changed. Set that in the environment and start again."
    )


def test_further_headers_are_taken_as_json() -> None:
    """*Documented* (Kore, createCase sample): some pages send `client-app`."""
    headers = {"client-app": "unified", "x-empty": ""}

    assert account_of(KORE_HEADERS=json.dumps(headers)).headers == headers


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param("client-app: unified", 'must be JSON, e.g. {"client-app": "unified"}.', id="no JSON"),
        pytest.param('["client-app"]', 'must be JSON, e.g. {"client-app": "unified"}.', id="a list"),
        pytest.param("null", 'must be JSON, e.g. {"client-app": "unified"}.', id="null"),
        pytest.param('{"a": 1}', 'must be JSON, e.g. {"client-app": "unified"}.', id="a number"),
        pytest.param('{"a": null}', 'must be JSON, e.g. {"client-app": "unified"}.', id="a null inside"),
        pytest.param('{"a": "x\\r\\nauth: y"}', "holds a header that cannot be sent.", id="a line break"),
        pytest.param('{"a": "é"}', "holds a header that cannot be sent.", id="beyond ASCII"),
        pytest.param('{"a b": "x"}', "holds a header that cannot be sent.", id="a space in the name"),
        pytest.param('{"a:": "x"}', "holds a header that cannot be sent.", id="a colon in the name"),
        pytest.param('{"": "x"}', "holds a header that cannot be sent.", id="no name"),
        pytest.param('{"a\\n": "x"}', "holds a header that cannot be sent.", id="a line break behind the name"),
        *(
            pytest.param(
                json.dumps({name: "x"}),
                "may not name accountid, auth, content-type, host: the server sets them.",
                id=name,
            )
            for name in ("auth", "Auth", "accountId", "ACCOUNTID", "Content-Type", "host", "HOST")
        ),
    ],
)
def test_headers_that_cannot_be_sent_or_are_ours_are_refused(given: str, said: str) -> None:
    """*Ours*: what signs a request and says whose it is cannot be set from here."""
    assert refused({**KORE, "KORE_HEADERS": given}) == (
        f"KORE_HEADERS {said} Nothing was changed. Set that in the environment and start again."
    )


def test_secrets_are_in_no_text_of_the_settings() -> None:
    """*Ours*: settings end in logs and tracebacks; the secret and the values of headers do not."""
    chosen = Settings.from_environment({**KORE, "KORE_HEADERS": '{"x-api-key": "another-secret"}'})

    shown = f"{chosen} {chosen!r} {chosen.account} {chosen.account!r}"

    assert SECRET not in shown
    assert "another-secret" not in shown
    assert SECRET not in chosen.model_dump_json()


@pytest.mark.parametrize("name", [*KoreSettings.variables(), *Settings.variables()])
def test_a_secret_in_the_wrong_setting_is_not_repeated_by_the_error(name: str) -> None:
    """*Ours*: people paste into the wrong line; the error names the line alone."""
    assert refused({**KORE, name: f"{SECRET} / {SECRET}", "KORE_CLIENT_SECRET": ""})


def test_a_validation_error_holds_no_secret() -> None:
    """*Ours*: the same where a bot builder makes the settings in Python."""
    with pytest.raises(ValidationError) as caught:
        KoreSettings(
            host=f"http://{SECRET}/", stream_id=SECRET, account_id=f" {SECRET}", client_id="", client_secret=SECRET
        )

    assert SECRET not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize(
    ("given", "toolsets"),
    [
        pytest.param("cases", ("cases",), id="cases"),
        pytest.param("cases,tasks", ("cases", "tasks"), id="both"),
        pytest.param(" cases , tasks ", ("cases", "tasks"), id="spaces"),
        pytest.param("", ("cases",), id="empty"),
    ],
)
def test_toolsets_are_a_list_with_commas(given: str, toolsets: tuple[str, ...]) -> None:
    """*Ours*: `cases` unless said otherwise."""
    assert Settings.from_environment({"CASE_MCP_TOOLSETS": given}).toolsets == toolsets


@pytest.mark.parametrize("given", ["all", "cases,task", "cases,", ",", "cases;tasks", "Cases"])
def test_an_unknown_toolset_is_refused(given: str) -> None:
    """*Ours*: a misspelt toolset would else be tools that are not there."""
    assert refused({"CASE_MCP_TOOLSETS": given}).startswith("CASE_MCP_TOOLSETS must be cases, or cases,tasks.")


@pytest.mark.parametrize(("given", "seconds"), [("0.5", 0.5), ("25", 25.0), ("600", 600.0), (" 7 ", 7.0)])
def test_a_timeout_is_seconds(given: str, seconds: float) -> None:
    """*Ours*: whole or not, up to ten minutes."""
    assert Settings.from_environment({"CASE_MCP_TIMEOUT": given}).timeout == seconds


@pytest.mark.parametrize("given", ["0", "-1", "600.1", "inf", "nan", "25s", "1e9", "none"])
def test_a_timeout_out_of_bounds_is_refused(given: str) -> None:
    """*Ours*: there is no endless call."""
    assert refused({"CASE_MCP_TIMEOUT": given}).startswith("CASE_MCP_TIMEOUT has a wrong form: Input should be ")


@pytest.mark.parametrize(("given", "fields"), [("writable", "writable"), ("documented", "documented")])
def test_fields_are_chosen_by_name(given: str, fields: str) -> None:
    """*Ours*: the two profiles."""
    assert Settings.from_environment({"CASE_MCP_FIELDS": given}).fields == fields


def test_an_unknown_choice_of_fields_is_refused() -> None:
    """*Ours*: with both choices named."""
    assert refused({"CASE_MCP_FIELDS": "all"}).startswith("CASE_MCP_FIELDS must be 'writable' or 'documented'.")


@pytest.mark.parametrize(
    ("given", "proxy"), [("true", True), ("1", True), ("false", False), ("0", False), ("", False)]
)
def test_proxies_are_off_unless_asked_for(given: str, *, proxy: bool) -> None:
    """*Ours*: an empty value is no value."""
    assert Settings.from_environment({"CASE_MCP_PROXY": given}).proxy is proxy


@pytest.mark.parametrize(
    ("state", "file"),
    [
        pytest.param(":memory:", ":memory:", id="in memory"),
        pytest.param("/var/lib/case-mcp/state.db", "/var/lib/case-mcp/desk.db", id="a path"),
        pytest.param("state.db", "desk.db", id="in this folder"),
        pytest.param("data/state.db", "data/desk.db", id="in a folder below"),
        pytest.param("~/case/state.db", str(Path.home() / "case" / "desk.db"), id="in the home folder"),
    ],
)
def test_the_embedded_desk_stands_beside_the_state(state: str, file: str) -> None:
    """*Ours*: in memory if the state is."""
    assert Settings.from_environment({"CASE_MCP_STATE": state}).embedded_file == file


def test_the_embedded_desk_stands_in_the_users_data_folder_without_a_state() -> None:
    """*Ours*: the cases of a trial are there the next day."""
    assert Settings().embedded_file == str(platformdirs.user_data_path("case-mcp", appauthor=False) / "desk.db")


@pytest.mark.parametrize("desk", ["embedded", "kore"])
def test_a_desk_and_its_account_belong_together(desk: str, account: KoreSettings) -> None:
    """*Ours*: built in Python, too, a vendor's desk has an account and the embedded one has none."""
    with pytest.raises(ValidationError, match="an account belongs to every desk but the embedded one"):
        Settings.model_validate({"desk": desk, "account": account if desk == "embedded" else None})


def test_settings_cannot_be_changed_later(account: KoreSettings) -> None:
    """*Ours*: checked once means that they stay as they were checked."""
    with pytest.raises(ValidationError, match="frozen"):
        setattr(account, "host", "http://evil.example")  # noqa: B010 - mypy knows that it is frozen


def test_the_process_environment_is_read_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """*Ours*: the command line needs no more than this."""
    for name, value in {**KORE, "CASE_MCP_TIMEOUT": "3"}.items():
        monkeypatch.setenv(name, value)

    assert Settings.from_environment() == Settings.from_environment({**KORE, "CASE_MCP_TIMEOUT": "3"})
