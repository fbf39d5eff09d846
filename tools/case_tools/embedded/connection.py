"""The settings with which an adapter reaches the embedded desk."""

from typing import Final

from pydantic import SecretStr

from case_tools.embedded.store import Account
from case_tools.settings import KoreSettings

_DEFAULT_TEMPLATE: Final = "ctm-d4e6152-4255-4c5c-ba6c-91dac5cd0001"


def settings_of(account: Account, *, host: str = "http://127.0.0.1") -> KoreSettings:
    """Return the account as settings; the host means nothing to a desk in process."""
    return KoreSettings(
        host=host,
        stream_id=account.stream_id,
        account_id=account.account_id,
        client_id=account.client_id,
        client_secret=SecretStr(account.client_secret),
        case_template=_DEFAULT_TEMPLATE,
        source="rtm",
    )


def environment_of(account: Account, *, host: str) -> dict[str, str]:
    """Return the same settings under their names in the environment, the secret in clear."""
    settings = settings_of(account, host=host)
    values = {
        name: getattr(settings, field)
        for name, field in settings.variables().items()
        if field in settings.model_fields_set
    }
    return {
        name: each.get_secret_value() if isinstance(each, SecretStr) else each for name, each in values.items()
    }
