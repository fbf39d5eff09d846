"""The environment read into settings: which desk, what is missing, what may stand in a setting."""

import json
from pathlib import Path
from typing import Any, Final, cast

import platformdirs
import pytest
from pydantic import ValidationError

from case_tools import ConfigurationError, KoreSettings, Settings, TalkdeskSettings
from case_tools.settings import Vendor
from loopback import SECRET

KORE: Final = {
    "KORE_HOST": "platform.kore.ai",
    "KORE_STREAM_ID": "st-00000000-0000-4000-8000-000000000001",
    "KORE_ACCOUNT_ID": "000000000000000000000001",
    "KORE_CLIENT_ID": "cs-00000000-0000-4000-8000-000000000001",
    "KORE_CLIENT_SECRET": SECRET,
}
NEEDED: Final = tuple(KORE)
TALKDESK: Final = {
    "TALKDESK_ACCOUNT": "acme",
    "TALKDESK_REGION": "US",
    "TALKDESK_CLIENT_ID": "client-1",
    "TALKDESK_CLIENT_SECRET": SECRET,
}
URLS: Final = {
    "TALKDESK_API_URL": "api.example.com",
    "TALKDESK_TOKEN_URL": "acme.id.example.com",
    "TALKDESK_CLIENT_ID": "client-1",
    "TALKDESK_CLIENT_SECRET": SECRET,
}


def refused(environment: dict[str, str]) -> str:
    """Return what the refusal of an environment says."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment(environment)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__}"
    return str(caught.value)


def account_of(**changes: str) -> KoreSettings:
    """Return the account of a whole environment with changes."""
    account = Settings.from_environment({**KORE, **changes}).account
    assert isinstance(account, KoreSettings)
    return account


def talkdesk_of(environment: dict[str, str], **changes: str) -> TalkdeskSettings:
    """Return the Talkdesk account of an environment with changes."""
    account = Settings.from_environment({**environment, **changes}).account
    assert isinstance(account, TalkdeskSettings)
    return account


def test_an_empty_environment_gives_the_embedded_desk() -> None:
    """*Ours*: it works without any account, and every default is as the design says."""
    assert Settings.from_environment({}) == Settings(
        desk="embedded",
        embedded_dialect="kore",
        fields="writable",
        toolsets=("cases",),
        timeout=25.0,
        rate=None,
        repeat_window=600.0,
        mark=False,
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


def test_a_whole_talkdesk_account_gives_its_desk() -> None:
    """*Ours*: without CASE_MCP_DESK, TALKDESK_* alone choose the desk."""
    assert Settings.from_environment(TALKDESK) == Settings(
        desk="talkdesk",
        account=TalkdeskSettings(
            account="acme", region="US", client_id="client-1", client_secret=SECRET, on_hold="ON_HOLD"
        ),
    )


@pytest.mark.parametrize("name", TalkdeskSettings.variables())
@pytest.mark.parametrize("value", ["", "  ", "x"])
def test_any_talkdesk_setting_alone_is_an_incomplete_account(name: str, value: str) -> None:
    """*Ours*: present even if empty, so that a lost secret never sends cases to the practice desk."""
    assert "is missing." in refused({name: value})


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({**TALKDESK, **KORE}, id="two whole accounts"),
        pytest.param({"TALKDESK_ACCOUNT": "acme", **KORE}, id="a part beside a whole one"),
        pytest.param({"TALKDESK_ACCOUNT": "", "KORE_HOST": ""}, id="present, but empty"),
        pytest.param({"TALKDESK_ACCOUNT": "acme", "CASE_MCP_DESK": " ", **KORE}, id="with an empty choice"),
        pytest.param({"TALKDESK_X": "1", **KORE}, id="one that is not known"),
    ],
)
def test_settings_of_two_vendors_ask_for_a_choice(environment: dict[str, str]) -> None:
    """*Ours*: which desk a customer's case ends in is never guessed."""
    assert refused(environment) == (
        "KORE_* and TALKDESK_* are set. Nothing was changed. Set CASE_MCP_DESK to kore or talkdesk."
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
        pytest.param({"CASE_MCP_DESK": "talkdesk", **TALKDESK}, "talkdesk", id="talkdesk"),
        pytest.param({"CASE_MCP_DESK": "talkdesk", **KORE, **TALKDESK}, "talkdesk", id="talkdesk beside Kore"),
        pytest.param({"CASE_MCP_DESK": "kore", **KORE, **TALKDESK}, "kore", id="kore beside a whole Talkdesk"),
        pytest.param({"CASE_MCP_DESK": " ", **URLS}, "talkdesk", id="blank beside a Talkdesk account"),
        pytest.param({"CASE_MCP_DESK": ""}, "embedded", id="empty alone"),
        pytest.param({"HOME": "/root", "KORED": "1", "PATH": ""}, "embedded", id="names of others"),
    ],
)
def test_the_desk_is_the_one_chosen(environment: dict[str, str], desk: str) -> None:
    """*Ours*: CASE_MCP_DESK decides where it is set; what is set for other desks then does not matter."""
    chosen = Settings.from_environment(environment)

    vendor = "kore" if desk == "embedded" else desk
    kinds = {"kore": KoreSettings, "talkdesk": TalkdeskSettings, "embedded": type(None)}
    assert (chosen.desk, chosen.vendor, type(chosen.account)) == (desk, vendor, kinds[desk])


@pytest.mark.parametrize("value", ["Talkdesk", "Kore", "none", "embedded,kore"])
def test_an_unknown_desk_is_refused(value: str) -> None:
    """*Ours*: also with a whole account beside it."""
    said = (
        "CASE_MCP_DESK must be 'embedded', 'kore' or 'talkdesk'. "
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
        pytest.param("KORE_TEMPLATE", "Did you mean KORE_CASE_TEMPLATE?", id="a part of another name"),
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

    assert isinstance(account, KoreSettings)
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


@pytest.mark.parametrize("name", [*TalkdeskSettings.variables(), *Settings.variables()])
def test_a_secret_in_the_wrong_setting_of_talkdesk_is_not_repeated(name: str) -> None:
    """*Ours*: the same for the other vendor."""
    assert refused({**TALKDESK, name: f"{SECRET} / {SECRET}", "TALKDESK_CLIENT_ID": ""})


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


@pytest.mark.parametrize(
    ("environment", "allowance"),
    [
        pytest.param({}, 0, id="the embedded desk"),
        pytest.param(KORE, 60, id="Kore"),
        pytest.param(TALKDESK, 0, id="Talkdesk"),
        pytest.param({**KORE, "CASE_MCP_DESK": "embedded"}, 0, id="the embedded desk in Kore's dialect"),
        pytest.param({**KORE, "CASE_MCP_RATE": ""}, 60, id="an empty value is no value"),
        pytest.param({**KORE, "CASE_MCP_RATE": "0"}, 0, id="any number"),
        pytest.param({**KORE, "CASE_MCP_RATE": " 7 "}, 7, id="fewer"),
        pytest.param({**TALKDESK, "CASE_MCP_RATE": "1000000"}, 1_000_000, id="the most that can be set"),
    ],
)
def test_the_rate_is_the_vendors_documented_one_unless_set(environment: dict[str, str], allowance: int) -> None:
    """*Documented* for Kore: 60 a minute and account. *Ours*: any number where no page names one."""
    assert Settings.from_environment(environment).allowance == allowance


@pytest.mark.parametrize("given", ["-1", "1000001", "0.5", "60/m", "inf", "none"])
def test_a_rate_that_is_no_number_of_requests_is_refused(given: str) -> None:
    """*Ours*: 0 is how any number is said."""
    assert refused({"CASE_MCP_RATE": given}).startswith("CASE_MCP_RATE has a wrong form: Input should be ")


@pytest.mark.parametrize(
    ("given", "seconds"), [("", 600.0), ("0.5", 0.5), ("60", 60.0), ("86400", 86_400.0), (" 7 ", 7.0)]
)
def test_a_repeat_window_is_seconds(given: str, seconds: float) -> None:
    """*Ours*: ten minutes unless set, at most a day."""
    assert Settings.from_environment({"CASE_MCP_REPEAT_WINDOW": given}).repeat_window == seconds


@pytest.mark.parametrize("given", ["0", "-1", "86400.1", "inf", "nan", "10m", "none"])
def test_a_repeat_window_out_of_bounds_is_refused(given: str) -> None:
    """*Ours*: without a window a client that repeats a call whose stream broke opens a second case."""
    said = refused({"CASE_MCP_REPEAT_WINDOW": given})
    assert said.startswith("CASE_MCP_REPEAT_WINDOW has a wrong form: Input should be ")


@pytest.mark.parametrize(
    ("given", "mark"), [("true", True), ("1", True), ("false", False), ("0", False), ("", False)]
)
def test_no_mark_is_put_into_a_customers_text_unless_asked_for(given: str, *, mark: bool) -> None:
    """*Ours*: an empty value is no value."""
    assert Settings.from_environment({"CASE_MCP_MARK": given}).mark is mark


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
    ("state", "files"),
    [
        pytest.param(":memory:", (":memory:", ":memory:"), id="in memory"),
        pytest.param(
            "/var/lib/case-mcp/state.db", ("/var/lib/case-mcp/state.db", "/var/lib/case-mcp/desk.db"), id="a path"
        ),
        pytest.param("state.db", ("state.db", "desk.db"), id="in this folder"),
        pytest.param("data/my.db", ("data/my.db", "data/my.desk.db"), id="another name"),
        pytest.param("data/my", ("data/my", "data/my.desk"), id="a name without an ending"),
        pytest.param(
            "~/case/state.db",
            (str(Path.home() / "case" / "state.db"), str(Path.home() / "case" / "desk.db")),
            id="in the home folder",
        ),
    ],
)
def test_the_embedded_desk_stands_beside_the_state(state: str, files: tuple[str, str]) -> None:
    """*Ours*: in memory if the state is."""
    settings = Settings.from_environment({"CASE_MCP_STATE": state})
    assert (settings.state_file, settings.embedded_file) == files


def test_state_and_embedded_desk_stand_in_the_users_data_folder_unless_set() -> None:
    """*Ours*: what was sent is remembered, and the cases of a trial are there, the next day."""
    folder = platformdirs.user_data_path("case-mcp", appauthor=False)
    settings = Settings()
    assert (settings.state_file, settings.embedded_file) == (str(folder / "state.db"), str(folder / "desk.db"))


@pytest.mark.parametrize(
    ("desk", "given"),
    [
        ("embedded", "kore"),
        ("embedded", "talkdesk"),
        ("kore", None),
        ("talkdesk", None),
        ("kore", "talkdesk"),
        ("talkdesk", "kore"),
    ],
)
def test_a_desk_and_its_account_belong_together(desk: str, given: str | None, account: KoreSettings) -> None:
    """*Ours*: built in Python, too, a vendor's desk has its own account and the embedded one has none."""
    accounts = {"kore": account, "talkdesk": talkdesk_of(TALKDESK), None: None}
    with pytest.raises(ValidationError, match="an account belongs to every desk but the embedded one"):
        Settings.model_validate({"desk": desk, "account": accounts[given]})


def test_settings_cannot_be_changed_later(account: KoreSettings) -> None:
    """*Ours*: checked once means that they stay as they were checked."""
    with pytest.raises(ValidationError, match="frozen"):
        setattr(account, "host", "http://evil.example")  # noqa: B010 - mypy knows that it is frozen


def test_the_process_environment_is_read_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """*Ours*: the command line needs no more than this."""
    for name, value in {**KORE, "CASE_MCP_TIMEOUT": "3"}.items():
        monkeypatch.setenv(name, value)

    assert Settings.from_environment() == Settings.from_environment({**KORE, "CASE_MCP_TIMEOUT": "3"})


@pytest.mark.parametrize("whole", [TALKDESK, URLS], ids=["a region", "two addresses"])
@pytest.mark.parametrize("value", [None, "", " \t"], ids=["left out", "empty", "blank"])
@pytest.mark.parametrize("number", range(4))
def test_each_missing_setting_of_talkdesk_is_named(number: int, value: str | None, whole: dict[str, str]) -> None:
    """*Ours*: the one that is missing, and no other."""
    name = [*whole][number]
    environment = {each: text for each, text in whole.items() if each != name}
    if value is not None:
        environment[name] = value

    assert refused(environment) == (
        f"{name} is missing. Nothing was changed. Set that in the environment and start again."
    )


MISSING: Final[dict[str, tuple[dict[str, str], list[str]]]] = {
    "everything": ({"CASE_MCP_DESK": "talkdesk"}, ["ACCOUNT", "REGION", "CLIENT_ID", "CLIENT_SECRET"]),
    "all but the account": ({"TALKDESK_ACCOUNT": "acme"}, ["REGION", "CLIENT_ID", "CLIENT_SECRET"]),
    "all but the region": ({"TALKDESK_REGION": "EU"}, ["ACCOUNT", "CLIENT_ID", "CLIENT_SECRET"]),
    "all but one address": ({"TALKDESK_API_URL": "a.example"}, ["TOKEN_URL", "CLIENT_ID", "CLIENT_SECRET"]),
    "all but the other": ({"TALKDESK_TOKEN_URL": "a.example"}, ["API_URL", "CLIENT_ID", "CLIENT_SECRET"]),
    "an address and an account": (
        {"TALKDESK_API_URL": "a.example", "TALKDESK_ACCOUNT": "acme", "TALKDESK_CLIENT_ID": "x"},
        ["TOKEN_URL", "CLIENT_SECRET"],
    ),
    "the key's id": (
        {"TALKDESK_REGION": "EU", "TALKDESK_PRIVATE_KEY_FILE": "x"},
        ["ACCOUNT", "CLIENT_ID", "KEY_ID"],
    ),
    "the key's file": ({**URLS, "TALKDESK_CLIENT_SECRET": "", "TALKDESK_KEY_ID": "k"}, ["PRIVATE_KEY_FILE"]),
    "beside what is wrong": (
        {"TALKDESK_REGION": "XX", "TALKDESK_ON_HOLD": "x"},
        ["ACCOUNT", "CLIENT_ID", "CLIENT_SECRET"],
    ),
}


@pytest.mark.parametrize(("environment", "names"), MISSING.values(), ids=MISSING)
def test_all_missing_settings_of_talkdesk_are_named_at_once(environment: dict[str, str], names: list[str]) -> None:
    """*Ours*: an account and a region, or two addresses; a secret, or a key and its id."""
    named = " ".join(f"TALKDESK_{name} is missing." for name in names)

    assert refused(environment) == f"{named} Nothing was changed. Set that in the environment and start again."


@pytest.mark.parametrize(
    ("region", "api", "token"),
    [
        ("US", "https://api.talkdeskapp.com", "https://acme.talkdeskid.com"),
        ("EU", "https://api.talkdeskapp.eu", "https://acme.talkdeskid.eu"),
        ("CA", "https://api.talkdeskappca.com", "https://acme.talkdeskidca.com"),
    ],
)
def test_a_region_gives_its_documented_hosts(region: str, api: str, token: str) -> None:
    """*Documented* (Talkdesk, regions): one host for the API, one with the account's name for tokens."""
    account = talkdesk_of(TALKDESK, TALKDESK_REGION=region)

    assert (account.api_origin, account.token_origin, account.audience) == (api, token, f"{token}/oauth/token")


@pytest.mark.parametrize(
    ("given", "api", "token"),
    [
        pytest.param(URLS, "https://api.example.com", "https://acme.id.example.com", id="both alone"),
        pytest.param(
            {**TALKDESK, **URLS}, "https://api.example.com", "https://acme.id.example.com", id="both beside"
        ),
        pytest.param(
            {**TALKDESK, "TALKDESK_API_URL": "api.example.com"},
            "https://api.example.com",
            "https://acme.talkdeskid.com",
            id="the API's",
        ),
        pytest.param(
            {**TALKDESK, "TALKDESK_TOKEN_URL": "id.example.com", "TALKDESK_ACCOUNT": ""},
            "https://api.talkdeskapp.com",
            "https://id.example.com",
            id="the token host's",
        ),
    ],
)
def test_addresses_take_the_place_of_account_and_region(given: dict[str, str], api: str, token: str) -> None:
    """*Ours*: for the regions whose hosts no page tells."""
    account = talkdesk_of(given)

    assert (account.api_origin, account.token_origin, account.audience) == (api, token, f"{token}/oauth/token")


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("acme.talkdeskid.au", "https://acme.talkdeskid.au"),
        ("https://acme.talkdeskid.au", "https://acme.talkdeskid.au"),
        ("https://acme.talkdeskid.au/", "https://acme.talkdeskid.au"),
        ("https://acme.talkdeskid.au/oauth/token", "https://acme.talkdeskid.au"),
        ("acme.talkdeskid.au/oauth/token/", "https://acme.talkdeskid.au"),
        ("http://127.0.0.1:8700/oauth/token", "http://127.0.0.1:8700"),
    ],
)
def test_a_token_address_is_taken_with_and_without_its_path(given: str, origin: str) -> None:
    """*Ours*: the vendor's pages print it whole."""
    account = talkdesk_of(URLS, TALKDESK_TOKEN_URL=given)

    assert (account.token_origin, account.audience) == (origin, f"{origin}/oauth/token")


@pytest.mark.parametrize("name", ["TALKDESK_API_URL", "TALKDESK_TOKEN_URL"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("http://api.example.com", "may use plain http only for this machine (loopback): use https."),
        ("http://127.0.0.1.evil.example", "may use plain http only for this machine (loopback): use https."),
        ("https://api.example.com/cm/core", "must be a host, e.g. {}, without path, user or query."),
        ("https://user@api.example.com", "must be a host, e.g. {}, without path, user or query."),
        ("/oauth/token", "must be a host, e.g. {}, without path, user or query."),
        ("https://a.example/oauth/token/oauth/token", "must be a host, e.g. {}, without path, user or query."),
    ],
)
def test_an_address_that_is_none_or_in_the_clear_is_refused(name: str, given: str, said: str) -> None:
    """*Ours*: the same rules as for every host."""
    example = {"TALKDESK_API_URL": "api.talkdeskapp.com", "TALKDESK_TOKEN_URL": "acme.talkdeskid.com"}[name]

    assert refused({**URLS, name: given}) == (
        f"{name} {said.format(example)} Nothing was changed. Set that in the environment and start again."
    )


@pytest.mark.parametrize("name", ["account", "region", "api_url", "token_url"])
def test_none_given_in_python_is_not_given(name: str) -> None:
    """*Ours*: a bot builder may pass what was not set."""
    more: dict[str, Any] = {"account": None, "region": None, "api_url": None, "token_url": None}
    more |= (
        {"account": "acme", "region": "US"}
        if name.endswith("url")
        else {"api_url": "a.example", "token_url": "b.example"}
    )
    account = TalkdeskSettings.model_validate({**more, "client_id": "x", "client_secret": SECRET, "key_id": None})

    assert getattr(account, name) is None
    assert "None" not in f"{account.api_origin} {account.audience}"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TALKDESK_REGION", "AU", "TALKDESK_REGION must be 'US', 'EU' or 'CA'."),
        ("TALKDESK_ACCOUNT", "acme.talkdeskid.com", "TALKDESK_ACCOUNT has a wrong form: "),
        ("TALKDESK_ACCOUNT", "a/b", "TALKDESK_ACCOUNT has a wrong form: "),
        ("TALKDESK_ACCOUNT", "a" * 64, "TALKDESK_ACCOUNT has a wrong form: "),
        ("TALKDESK_ON_HOLD", "ONHOLD", "TALKDESK_ON_HOLD must be 'ON_HOLD' or 'ON-HOLD'."),
        ("TALKDESK_HOST", "x", "TALKDESK_HOST is not a setting of this version."),
    ],
)
def test_a_wrong_talkdesk_setting_is_named(name: str, value: str, said: str) -> None:
    """*Ours*: what becomes a part of a host is checked at start."""
    assert refused({**TALKDESK, name: value}).startswith(said)


@pytest.mark.parametrize("literal", ["ON_HOLD", "ON-HOLD"])
def test_the_literal_for_on_hold_is_one_setting(literal: str) -> None:
    """*Documented* both ways: the page's sample and the vendor's OpenAPI."""
    assert talkdesk_of(TALKDESK, TALKDESK_ON_HOLD=literal).on_hold == literal


def test_a_key_file_and_its_id_take_the_place_of_the_secret(tmp_path: Path) -> None:
    """*Documented* (Talkdesk, signed JWT): a key and its id."""
    key = tmp_path / "key"
    key.write_text("an invented key")
    changes = {"TALKDESK_PRIVATE_KEY_FILE": str(key), "TALKDESK_KEY_ID": "key-1", "TALKDESK_CLIENT_SECRET": ""}

    account = talkdesk_of(TALKDESK, **changes)

    assert (account.client_secret, account.private_key_file, account.key_id) == (None, key, "key-1")


@pytest.mark.parametrize("name", ["", "missing.pem"], ids=["a folder", "no file"])
def test_a_talkdesk_key_file_that_cannot_be_read_is_refused(name: str, tmp_path: Path) -> None:
    """*Ours*: at start, not at the first call."""
    changes = {
        "TALKDESK_PRIVATE_KEY_FILE": str(tmp_path / name),
        "TALKDESK_KEY_ID": "k",
        "TALKDESK_CLIENT_SECRET": "",
    }

    assert refused({**TALKDESK, **changes}) == (
        "TALKDESK_PRIVATE_KEY_FILE names a file that cannot be read. "
        "Nothing was changed. Set that in the environment and start again."
    )


@pytest.mark.parametrize(
    "environment",
    [{**TALKDESK}, {"CASE_MCP_EMBEDDED_DIALECT": "talkdesk"}],
    ids=["an account", "the embedded dialect"],
)
def test_tasks_are_refused_where_the_vendor_has_none(environment: dict[str, str]) -> None:
    """*Documented*: Talkdesk has no tasks beside cases."""
    assert refused({**environment, "CASE_MCP_TOOLSETS": "cases,tasks"}).startswith(
        "CASE_MCP_TOOLSETS may not name tasks: Talkdesk has none."
    )


@pytest.mark.parametrize("dialect", ["kore", "talkdesk"])
def test_the_embedded_dialect_is_the_vendor_whose_folder_serves(dialect: str) -> None:
    """*Ours*: of the embedded desk alone; an account's vendor speaks its own."""
    chosen = Settings.from_environment({"CASE_MCP_EMBEDDED_DIALECT": dialect})

    assert chosen == Settings(embedded_dialect=cast("Vendor", dialect))
    assert (chosen.desk, chosen.vendor, chosen.account) == ("embedded", dialect, None)
    assert Settings.from_environment({**KORE, "CASE_MCP_EMBEDDED_DIALECT": dialect}).vendor == "kore"


@pytest.mark.parametrize("dialect", ["Talkdesk", "none", "kore,talkdesk"])
def test_an_unknown_dialect_is_refused(dialect: str) -> None:
    """*Ours*: with both named."""
    assert refused({"CASE_MCP_EMBEDDED_DIALECT": dialect}).startswith(
        "CASE_MCP_EMBEDDED_DIALECT must be 'kore' or 'talkdesk'."
    )


def test_secrets_are_in_no_text_of_the_talkdesk_settings() -> None:
    """*Ours*: settings end in logs and tracebacks."""
    chosen = Settings.from_environment(TALKDESK)

    assert SECRET not in f"{chosen} {chosen!r} {chosen.account} {chosen.account!r} {chosen.model_dump_json()}"
