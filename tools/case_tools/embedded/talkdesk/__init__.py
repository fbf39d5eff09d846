"""Talkdesk's dialect of the practice desk: its token endpoint, its four case endpoints, its refusals."""

from collections.abc import Mapping
from typing import Final

from case_tools.embedded.dialect import DeskParts, DialectRoutes, PracticeDialect
from case_tools.embedded.store import DeskAccount
from case_tools.embedded.talkdesk.routes import TalkdeskRoutes
from case_tools.embedded.talkdesk.tokens import add_client

__all__ = ["add_client", "dialect"]


class _TalkdeskDialect:
    def speaks(self, path: str) -> bool:
        return path.startswith(("/oauth/", "/cm/"))

    def routes(self, parts: DeskParts) -> DialectRoutes:
        return TalkdeskRoutes(parts)

    def environment(self, account: DeskAccount, *, host: str) -> Mapping[str, str]:
        return {
            "TALKDESK_API_URL": host,
            "TALKDESK_TOKEN_URL": host,
            "TALKDESK_CLIENT_ID": account.client_id,
            "TALKDESK_CLIENT_SECRET": account.client_secret,
        }


dialect: Final[PracticeDialect] = _TalkdeskDialect()
