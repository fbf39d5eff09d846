"""The settings with which an adapter reaches the embedded desk, in the dialect of either vendor."""

from typing import Final

from pydantic import SecretStr

from case_tools.embedded.app import EmbeddedDesk
from case_tools.embedded.schema import DeskFileError
from case_tools.embedded.store import Account
from case_tools.errors import ConfigurationError
from case_tools.settings import Account as AccountSettings
from case_tools.settings import KoreSettings, TalkdeskSettings, Vendor

_IN_PROCESS: Final = "http://127.0.0.1"
_DEFAULT_TEMPLATE: Final = "ctm-d4e6152-4255-4c5c-ba6c-91dac5cd0001"


def open_desk(file: str, *, rate: int | None = None) -> EmbeddedDesk:
    """Open the desk's file, a new one filled with invented cases.

    Raises:
        ConfigurationError: the file cannot be used.
    """
    try:
        return EmbeddedDesk.open(file, rate=rate)
    except DeskFileError as error:
        raise ConfigurationError(
            f"The practice desk's file {file} cannot be used: {error}.",
            next_step="Move it away, or set CASE_MCP_STATE to a file in another folder.",
        ) from None


def settings_of(account: Account, *, dialect: Vendor, host: str = _IN_PROCESS) -> AccountSettings:
    """Return the account as settings; the host means nothing to a desk in process."""
    secret = SecretStr(account.client_secret)
    if dialect == "talkdesk":
        return TalkdeskSettings(api_url=host, token_url=host, client_id=account.client_id, client_secret=secret)
    return KoreSettings(
        host=host,
        stream_id=account.stream_id,
        account_id=account.account_id,
        client_id=account.client_id,
        client_secret=secret,
        case_template=_DEFAULT_TEMPLATE,
        source="rtm",
    )


def environment_of(account: Account, *, dialect: Vendor, host: str) -> dict[str, str]:
    """Return the same settings under their names in the environment, the secret in clear."""
    settings = settings_of(account, dialect=dialect, host=host)
    given = {name: getattr(settings, field) for name, field in settings.variables().items()}
    return {
        name: each.get_secret_value() if isinstance(each, SecretStr) else each
        for name, each in given.items()
        if settings.variables()[name] in settings.model_fields_set
    }
