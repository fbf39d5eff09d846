"""Kore's dialect of the practice desk: its six endpoints, its token and the bodies of its refusals."""

from collections.abc import Mapping
from typing import Final

from case_tools.embedded.dialect import DeskParts, DialectRoutes, PracticeDialect
from case_tools.embedded.kore.routes import KoreRoutes
from case_tools.embedded.kore.tokens import add_app
from case_tools.embedded.store import DeskAccount

__all__ = ["add_app", "dialect"]

_TEMPLATE: Final = "ctm-d4e6152-4255-4c5c-ba6c-91dac5cd0001"


class _KoreDialect:
    def speaks(self, path: str) -> bool:
        return path.startswith("/caseManagement/")

    def routes(self, parts: DeskParts) -> DialectRoutes:
        return KoreRoutes(parts)

    def environment(self, account: DeskAccount, *, host: str) -> Mapping[str, str]:
        return {
            "KORE_HOST": host,
            "KORE_STREAM_ID": account.stream_id,
            "KORE_ACCOUNT_ID": account.account_id,
            "KORE_CLIENT_ID": account.client_id,
            "KORE_CLIENT_SECRET": account.client_secret,
            "KORE_CASE_TEMPLATE": _TEMPLATE,
            "KORE_SOURCE": "rtm",
        }


dialect: Final[PracticeDialect] = _KoreDialect()
