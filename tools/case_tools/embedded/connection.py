"""Opening the embedded desk, and the settings with which an adapter reaches it."""

from collections.abc import Mapping
from typing import Final

from case_tools.embedded.app import EmbeddedDesk
from case_tools.embedded.dialect import dialects
from case_tools.embedded.schema import DeskFileError
from case_tools.embedded.store import DeskAccount
from case_tools.errors import ConfigurationError
from case_tools.settings import Account, Settings

_IN_PROCESS: Final = "http://127.0.0.1"


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


def environment_of(account: DeskAccount, *, dialect: str, host: str) -> Mapping[str, str]:
    """Return the settings that reach the desk under their names in the environment, the secret in clear."""
    return dialects()[dialect].environment(account, host=host)


def settings_of(account: DeskAccount, *, dialect: str, host: str = _IN_PROCESS) -> Account:
    """Return the same settings as an account; the host means nothing to a desk in process."""
    environment = {"CASE_MCP_DESK": dialect, **environment_of(account, dialect=dialect, host=host)}
    found = Settings.from_environment(environment).account
    if found is None:
        raise ConfigurationError(
            f"The practice desk's dialect {dialect} names no account.",
            next_step="Set CASE_MCP_EMBEDDED_DIALECT to another one.",
        )
    return found
