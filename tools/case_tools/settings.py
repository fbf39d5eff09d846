"""The environment read into typed settings, checked once, at start.

Every setting is a field of one of the models below; the name in the environment is the model's prefix and
the field's name in capitals. The README's table is made from them.
"""

import difflib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from case_tools.errors import ConfigurationError
from case_tools.untrusted import Links

_LAST_PORT: Final = 65_535
_LOOPBACK: Final = re.compile(r"localhost|127(\.\d{1,3}){3}|\[::1\]")
_HOST: Final = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[::1\])(?::(?P<port>[0-9]{1,5}))?/*"
)
_RESERVED_HEADERS: Final = frozenset({"auth", "accountid", "content-type", "host"})


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    prefix: ClassVar[str]
    not_variables: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def variables(cls) -> dict[str, str]:
        """Return the name in the environment of each field."""
        return {f"{cls.prefix}{name.upper()}": name for name in cls.model_fields if name not in cls.not_variables}

    @classmethod
    def read(cls, environment: Mapping[str, str], **more: object) -> Self:
        """Return the settings that the environment holds under this prefix.

        Raises:
            ConfigurationError: naming each setting that is missing, wrong or not known.
        """
        names = cls.variables()
        for name in environment:
            if name.startswith(cls.prefix) and name not in names:
                near = difflib.get_close_matches(name.upper(), names, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(names)}."
                raise ConfigurationError(f"{name} is not a setting of this version.", next_step=hint)
        given = {names[name]: value.strip() for name, value in environment.items() if name in names}
        given = {name: value for name, value in given.items() if value}
        try:
            return cls.model_validate({**given, **more})
        except ValidationError as error:
            problems = [_say(cls.prefix, dict(each)) for each in error.errors(include_url=False)]
            raise ConfigurationError(
                " ".join(problems), next_step="Set that in the environment and start again."
            ) from None


def _say(prefix: str, error: dict[str, Any]) -> str:
    name = prefix + str(error["loc"][0]).upper() if error["loc"] else ""
    if error["type"] == "missing":
        return f"{name} is missing."
    if error["type"] == "value_error":
        return f"{name} {error['ctx']['error']}".strip()
    if error["type"] == "literal_error":
        return f"{name} must be {error['ctx']['expected']}."
    return f"{name} has a wrong form: {error['msg']}."


def _as_url(given: object, example: str = "platform.kore.ai") -> str:
    """Return scheme, host and port of what an administrator pasted, with or without scheme and slash."""
    parts = _HOST.fullmatch(str(given).strip())
    if parts is None or not 0 < int(parts["port"] or 443) <= _LAST_PORT:
        raise ValueError(f"must be a host, e.g. {example}, without path, user or query.")
    scheme, host, port = parts["scheme"] or "https", parts["host"], parts["port"]
    if scheme == "http" and not _LOOPBACK.fullmatch(host):
        raise ValueError("may use plain http only for this machine (loopback): use https.")
    return f"{scheme}://{host}:{port}" if port else f"{scheme}://{host}"


def _as_toolsets(given: object) -> object:
    names = [part.strip() for part in given.split(",")] if isinstance(given, str) else given
    if isinstance(names, list | tuple) and sorted(names) not in (["cases"], ["cases", "tasks"]):
        raise ValueError("must be cases, or cases,tasks.")
    return names


def _as_state_file(given: object) -> object:
    if isinstance(given, str) and (Path(given).name == "desk.db" or Path(given).stem.endswith(".desk")):
        raise ValueError(
            f"may not be named {Path(given).name}: the embedded desk keeps its cases in files of such names."
        )
    return given


def _as_folder(given: Path | None) -> Path | None:
    if given is not None and not given.is_dir():
        raise ValueError("is no folder that can be read.")
    return given


def _as_headers(given: object) -> object:
    try:
        headers = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        headers = None
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise ValueError('must be JSON, e.g. {"client-app": "unified"}.')
    for name, value in headers.items():
        if not re.fullmatch(r"[A-Za-z0-9-]+", name) or not re.fullmatch(r"[\x20-\x7e]*", value):
            raise ValueError("holds a header that cannot be sent.")
        if name.lower() in _RESERVED_HEADERS:
            raise ValueError(f"may not name {', '.join(sorted(_RESERVED_HEADERS))}: the server sets them.")
    return headers


class KoreSettings(_Settings):
    """An account of Kore.ai AI for Service."""

    prefix: ClassVar[str] = "KORE_"

    host: Annotated[str, BeforeValidator(_as_url)] = Field(
        description="the environment, e.g. `platform.kore.ai`, with or without `https://`"
    )
    stream_id: str = Field(
        pattern=r"^st-[A-Za-z0-9-]+$",
        max_length=128,
        description="the app's id `st-…` (App Settings > General)",
    )
    account_id: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=128,
        description="the account's id (Channels > Digital > Web/Mobile Client)",
    )
    client_id: str = Field(min_length=1, description="the JWT app's client id `cs-…`")
    jwt_algorithm: Literal["HS256", "HS512", "RS256", "RS512"] = Field(
        "HS256", description="the algorithm chosen for the JWT app"
    )
    client_secret: SecretStr | None = Field(
        None, validate_default=True, description="the JWT app's secret, for HS256 and HS512"
    )
    private_key_file: Path | None = Field(
        None, validate_default=True, description="a PEM file, for RS256 and RS512"
    )
    case_template: str | None = Field(
        None, pattern=r"^ctm-[0-9A-Za-z-]+$", description="the case template used when a call names none"
    )
    source: str | None = Field(None, description="the source used when a call names none, e.g. `rtm`")
    headers: Annotated[dict[str, str], BeforeValidator(_as_headers)] = Field(
        default_factory=dict, repr=False, description='further headers as JSON, e.g. `{"client-app": "unified"}`'
    )

    @field_validator("client_secret")
    @classmethod
    def _signs_hs(cls, given: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if given is None and info.data.get("jwt_algorithm") in {"HS256", "HS512"}:
            raise ValueError("is missing.")
        return given

    @field_validator("private_key_file")
    @classmethod
    def _signs_rs(cls, given: Path | None, info: ValidationInfo) -> Path | None:
        algorithm = info.data.get("jwt_algorithm")
        if algorithm in {"RS256", "RS512"}:
            if given is None:
                raise ValueError(f"is missing: KORE_JWT_ALGORITHM is {algorithm}.")
            if not given.is_file() or not os.access(given, os.R_OK):
                raise ValueError("names a file that cannot be read.")
        return given


_REGIONS: Final[Mapping[str, tuple[str, str]]] = {
    "US": ("https://api.talkdeskapp.com", "talkdeskid.com"),
    "EU": ("https://api.talkdeskapp.eu", "talkdeskid.eu"),
    "CA": ("https://api.talkdeskappca.com", "talkdeskidca.com"),
}
_EXCHANGE_PATH: Final = "/oauth/token"


def _as_api_url(given: object) -> object:
    return None if given is None else _as_url(given, "api.talkdeskapp.com")


def _as_token_url(given: object) -> object:
    if given is None:
        return None
    return _as_url(str(given).strip().rstrip("/").removesuffix(_EXCHANGE_PATH), "acme.talkdeskid.com")


def _of_address(given: Mapping[str, object]) -> list[str]:
    """Return the fields that are missing to know both hosts."""
    if given.get("region"):
        return ["account"] if not given.get("token_url") else []
    if given.get("api_url") or given.get("token_url"):
        return ["api_url", "token_url"]
    return ["account", "region"]


def _in_capitals(given: object) -> object:
    return given.upper() if isinstance(given, str) else given


def _of_credentials(given: Mapping[str, object]) -> list[str]:
    """Return the fields that the client needs to prove itself."""
    with_key = given.get("private_key_file") or given.get("key_id")
    return ["private_key_file", "key_id"] if with_key and not given.get("client_secret") else ["client_secret"]


class TalkdeskSettings(_Settings):
    """An account of Talkdesk."""

    prefix: ClassVar[str] = "TALKDESK_"

    account: str | None = Field(
        None, pattern=r"^[A-Za-z0-9-]+$", max_length=63, description="the account's name, as in its address"
    )
    region: Annotated[Literal["US", "EU", "CA"] | None, BeforeValidator(_in_capitals)] = Field(
        None, description="where the account lives; for any other region the next two"
    )
    api_url: Annotated[str | None, BeforeValidator(_as_api_url)] = Field(
        None, validate_default=False, description="the API's address, for any other region"
    )
    token_url: Annotated[str | None, BeforeValidator(_as_token_url)] = Field(
        None, validate_default=False, description="the token host's address, for any other region"
    )
    client_id: str = Field(min_length=1, description="the OAuth client's id")
    client_secret: SecretStr | None = Field(None, description="its secret; or, instead of it, the next two")
    private_key_file: Path | None = Field(
        None, description="its private key (EC, PKCS#8, with or without PEM lines)"
    )
    key_id: str | None = Field(None, description="the key's id")
    on_hold: Literal["ON_HOLD", "ON-HOLD"] = Field(
        "ON_HOLD", description="the literal sent for that status; the vendor's pages differ"
    )

    @model_validator(mode="before")
    @classmethod
    def _is_complete(cls, given: object) -> object:
        """Name everything that is missing at once, whatever else is wrong."""
        if isinstance(given, Mapping):
            if given.get("client_secret") and (given.get("private_key_file") or given.get("key_id")):
                raise ValueError("TALKDESK_CLIENT_SECRET and a key are both set: keep one of them.")
            needed = [*_of_address(given), "client_id", *_of_credentials(given)]
            missing = [name for name in needed if not given.get(name)]
            if missing:
                raise ValueError(" ".join(f"{cls.prefix}{name.upper()} is missing." for name in missing))
        return given

    @field_validator("private_key_file")
    @classmethod
    def _can_be_read(cls, given: Path | None, info: ValidationInfo) -> Path | None:
        if given is None or info.data.get("client_secret") is not None:
            return given
        if not given.is_file() or not os.access(given, os.R_OK):
            raise ValueError("names a file that cannot be read.")
        return given

    @property
    def api_origin(self) -> str:
        """Scheme and host of the API."""
        return self.api_url or _REGIONS[str(self.region)][0]

    @property
    def token_origin(self) -> str:
        """Scheme and host of the token endpoint."""
        return self.token_url or f"https://{self.account}.{_REGIONS[str(self.region)][1]}"

    @property
    def audience(self) -> str:
        """The full address of the token endpoint."""
        return f"{self.token_origin}{_EXCHANGE_PATH}"


Account = KoreSettings | TalkdeskSettings
"""The settings of an account, whichever vendor's."""

Vendor = Literal["kore", "talkdesk"]
VENDOR_TITLES: Final[Mapping[Vendor, str]] = {"kore": "Kore.ai AI for Service", "talkdesk": "Talkdesk"}
VENDOR_THINGS: Final[Mapping[Vendor, str]] = {
    "kore": "cases, support tickets, tasks",
    "talkdesk": "cases, support tickets",
}
_ACCOUNTS: Final[Mapping[Vendor, type[KoreSettings | TalkdeskSettings]]] = {
    "kore": KoreSettings,
    "talkdesk": TalkdeskSettings,
}
_RATES: Final[Mapping[str, int]] = {"kore": 60}
Toolset = Literal["cases", "tasks"]
Fields = Literal["writable", "documented"]
Access = Literal["full", "confirm", "read_only"]
Outcomes = Literal["errors", "data"]


class Settings(_Settings):
    """How the server behaves, and the desk it works on."""

    prefix: ClassVar[str] = "CASE_MCP_"
    not_variables: ClassVar[frozenset[str]] = frozenset({"account"})

    desk: Literal["embedded", "kore", "talkdesk"] = Field(
        "embedded",
        description="the case system; unset: the vendor's if any `KORE_*` or `TALKDESK_*` is set, else `embedded`",
    )
    embedded_dialect: Vendor = Field("kore", description="the vendor whose interface the embedded desk shows")
    access: Access = Field(
        "full",
        description="`read_only` has only the tools that read; `confirm` asks a person before each change",
    )
    outcomes: Outcomes = Field(
        "errors", description="`data` answers what a dialog must expect as data, for dialog engines"
    )
    links: Links = Field(
        "plain", description="`inert` breaks every address in other people's words, so that no host makes it live"
    )
    fields: Fields = Field(
        "writable",
        description="`documented` also takes the fields that the desk itself keeps, e.g. `createdAt`",
    )
    toolsets: Annotated[tuple[Toolset, ...], BeforeValidator(_as_toolsets)] = Field(
        ("cases",), description="`cases,tasks` adds `create_task` and `search_tasks`"
    )
    timeout: float = Field(25.0, gt=0, le=600, description="seconds for one tool call")
    rate: int | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="requests a minute and account, 0 for any number; unset: 60 for Kore, else any number",
    )
    repeat_window: float = Field(
        600.0, gt=0, le=86_400, description="seconds for which an equal create or note counts as a repeat"
    )
    mark: bool = Field(
        default=False,
        description="`true` ends the text of each new case in a short mark, by which it is surely found again",
    )
    state: Annotated[str | None, BeforeValidator(_as_state_file)] = Field(
        None,
        description="a file, `:memory:`, or `postgresql://...`; unset: a file in the user's data folder",
    )
    seal_key_file: Path | None = Field(
        None,
        description="a file of every replica with the key that seals confirmations; needed with PostgreSQL",
    )
    prompts: Annotated[Path | None, AfterValidator(_as_folder)] = Field(
        None, description="a folder of your own prompts, one Markdown file each"
    )
    verify: bool = Field(
        default=True, description="`true` reads back by one search what the answer to an update does not show"
    )
    proxy: bool = Field(default=False, description="`true` takes proxies from the environment")
    ca_file: Path | None = Field(
        None, description="a PEM file of certificate authorities that are trusted beside the usual ones"
    )
    keys: Path | None = Field(
        None, description="the file of API keys for `serve --http`; without it only this machine is served"
    )

    audit_file: Path | None = Field(
        None, description="a file for the audit, each line chained to the one before; see `case-mcp audit verify`"
    )

    account: Account | None = Field(None, description="the vendor's account, where the desk is a vendor's")

    @model_validator(mode="after")
    def _has_an_account(self) -> Self:
        wanted = _ACCOUNTS.get(self.vendor) if self.desk != "embedded" else type(None)
        if not isinstance(self.account, wanted or object):
            raise ValueError("an account belongs to every desk but the embedded one.")
        if self.vendor == "talkdesk" and "tasks" in self.toolsets:
            raise ValueError("CASE_MCP_TOOLSETS may not name tasks: Talkdesk has none.")
        return self

    @property
    def vendor(self) -> Vendor:
        """The vendor whose dialect the desk speaks; its folder has this name."""
        return self.embedded_dialect if self.desk == "embedded" else self.desk

    @property
    def allowance(self) -> int:
        """Requests a minute; 0 for any number."""
        return self.rate if self.rate is not None else _RATES.get(self.desk, 0)

    @property
    def state_file(self) -> str:
        """Where the ledger and what was learned are kept: a path, or `:memory:`."""
        if self.state == ":memory:":
            return self.state
        if self.state is not None and self.state.startswith(("postgresql://", "postgres://")):
            return self.state
        if self.state is not None:
            return str(Path(self.state).expanduser())
        from platformdirs import user_data_path  # noqa: PLC0415 - needed with the first call

        return str(user_data_path("case-mcp", appauthor=False) / "state.db")

    @property
    def embedded_file(self) -> str:
        """Where the embedded desk keeps its cases, in memory if the state is.

        That is `desk.db` beside `state.db`; beside a state file of another name, one that is named after it.
        """
        if self.state == ":memory:":
            return self.state
        state = Path(self.state_file)
        return str(state.with_name("desk.db" if state.name == "state.db" else f"{state.stem}.desk{state.suffix}"))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Return the behaviour, and the account where the desk is a vendor's.

        An account that is set only in part is an error, never a fall-back to the embedded desk.

        Raises:
            ConfigurationError: naming what is missing, wrong or not known.
        """
        given = {**(os.environ if environment is None else environment)}
        chosen = given.get("CASE_MCP_DESK", "").strip()
        named = [
            vendor
            for vendor, account in _ACCOUNTS.items()
            if any(name.startswith(account.prefix) for name in given)
        ]
        if not chosen and len(named) > 1:
            raise ConfigurationError(
                f"{' and '.join(f'{_ACCOUNTS[vendor].prefix}*' for vendor in named)} are set.",
                next_step=f"Set CASE_MCP_DESK to {' or '.join(named)}.",
            )
        for vendor, account in _ACCOUNTS.items():
            if chosen == vendor or (not chosen and vendor in named):
                return cls.read({**given, "CASE_MCP_DESK": vendor}, account=account.read(given))
        return cls.read(given)
