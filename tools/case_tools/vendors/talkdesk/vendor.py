"""Talkdesk: one account, with its tools."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Final

from case_tools.adapter.messages import Json, Lookup, Operation, Request, Response, Token, TokenGrant
from case_tools.adapter.names import LearnedName, NameRef
from case_tools.adapter.signing import parsed_key, text_of_file
from case_tools.adapter.tool import Scope, Tool
from case_tools.settings import Settings, TalkdeskSettings
from case_tools.vendors.talkdesk.body import PRIORITIES, STATUSES, TYPES
from case_tools.vendors.talkdesk.create_case import TalkdeskCreateCase
from case_tools.vendors.talkdesk.credentials import ASSERTION_ALGORITHM, as_pem, parse_token, token_request
from case_tools.vendors.talkdesk.endpoints import canonical_id
from case_tools.vendors.talkdesk.listing import cases_of
from case_tools.vendors.talkdesk.reconciliation import search_for
from case_tools.vendors.talkdesk.responses import id_in, names_in
from case_tools.vendors.talkdesk.search_cases import TalkdeskSearchCases
from case_tools.vendors.talkdesk.update_case import TalkdeskUpdateCase

_SCOPES: Final[Mapping[Scope, str]] = {"cases:read": "cases-public:read", "cases:write": "cases-public:write"}


class Talkdesk:
    """One account."""

    def __init__(
        self, account: TalkdeskSettings, *, clock: Callable[[], datetime], nonce: Callable[[], str]
    ) -> None:
        self._account = account
        self._clock = clock
        self._nonce = nonce
        self.url = account.api_origin
        self.identity = f"{account.api_origin} {account.account or account.token_origin}"
        tools: list[Tool[Any]] = [
            TalkdeskCreateCase(),
            TalkdeskUpdateCase(account.on_hold),
            TalkdeskSearchCases(account.on_hold),
        ]
        self.tools: Mapping[str, Tool[Any]] = {tool.name: tool for tool in tools}

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """Return what the pages enumerate."""
        return {"status": STATUSES, "priority": PRIORITIES, "type": TYPES}

    renews_credentials = True
    """A token that is refused is exchanged for a new one."""

    def find_case(self, ref: str) -> Mapping[str, object]:
        """Return the search for a case by its id."""
        return {"ids": [ref], "detail": "full"}

    def canonical_ref(self, ref: str) -> str:
        """Return an id without zeros before its number."""
        return canonical_id(ref)

    def headers(self) -> dict[str, str]:
        """Return the headers of every attempt."""
        return {"Accept": "application/json"}

    def token_grant(self, scope: Scope) -> TokenGrant:
        """Return how a token for the one vendor scope that is needed is requested."""
        return TokenGrant(request=partial(self._token_request, _SCOPES[scope]), parse=parse_token, headers=_bearer)

    def _token_request(self, scope: str) -> Request:
        return token_request(
            self._account,
            scope=scope,
            key=self._key,
            now=self._clock(),
            nonce=self._nonce(),
        )

    def lookup(self, name: NameRef) -> Lookup | None:
        """Return the search for a case by its id."""
        if name.kind != "case":
            return None
        return Lookup(request=search_for(name.name), parse=_rows_and_names, required=True)

    def prepare(self) -> None:
        """Parse the key, where tokens are requested with one."""
        _ = self._key

    @cached_property
    def _key(self) -> object:
        if self._account.client_secret is not None:
            return None
        setting = "TALKDESK_PRIVATE_KEY_FILE"
        pem = as_pem(text_of_file(self._account.private_key_file, setting=setting))
        return parsed_key(pem, algorithm=ASSERTION_ALGORITHM, setting=setting)


def _rows_and_names(response: Response, operation: Operation) -> tuple[Mapping[str, Json], Sequence[LearnedName]]:
    cases = cases_of(response, operation)[1]
    return {canonical_id(id_in(case)): case for case in cases}, [name for case in cases for name in names_in(case)]


def _bearer(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.value}"}


def connect(
    account: TalkdeskSettings, settings: Settings, *, clock: Callable[[], datetime], nonce: Callable[[], str]
) -> Talkdesk:
    """Return the vendor for an account; nothing is sent."""
    del settings
    return Talkdesk(account, clock=clock, nonce=nonce)
