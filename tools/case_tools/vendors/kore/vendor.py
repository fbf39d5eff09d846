"""Kore.ai AI for Service: one app of one account, with its tools."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from case_tools.adapter.messages import Json, Lookup, Operation, Response
from case_tools.adapter.names import LearnedName, NameRef, fold
from case_tools.adapter.signing import parsed_key, text_of_file
from case_tools.adapter.tool import Scope, Tool
from case_tools.settings import KoreSettings, Settings
from case_tools.vendors.kore.create_case import KoreCreateCase
from case_tools.vendors.kore.create_task import KoreCreateTask
from case_tools.vendors.kore.credentials import mint
from case_tools.vendors.kore.responses import names_in
from case_tools.vendors.kore.search_cases import KoreSearchCases
from case_tools.vendors.kore.search_tasks import KoreSearchTasks
from case_tools.vendors.kore.searches import lookup_request, readable, results_of
from case_tools.vendors.kore.update_case import KoreUpdateCase
from case_tools.vendors.kore.update_task import KoreUpdateTask

_LOOKUP_ROWS: Final = 20


class Kore:
    """One app of one account."""

    def __init__(
        self,
        account: KoreSettings,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        nonce: Callable[[], str],
    ) -> None:
        self._account = account
        self._clock = clock
        self._nonce = nonce
        self.url = account.host
        self.identity = f"{account.host} {account.account_id} {account.stream_id}"
        tools: list[Tool[Any]] = [
            KoreCreateCase(account),
            KoreUpdateCase(account, settings.fields),
            KoreUpdateTask(account, settings.fields),
            KoreSearchCases(account),
        ]
        if "tasks" in settings.toolsets:
            tools += [KoreCreateTask(account), KoreSearchTasks(account)]
        self.tools: Mapping[str, Tool[Any]] = {tool.name: tool for tool in tools}

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """Fix nothing: each desk has its own names."""
        return {}

    renews_credentials = True
    """Each attempt is signed anew, after a 401 by the desk's clock."""

    def find_case(self, ref: str) -> Mapping[str, object]:
        """Return the search for a case by its reference."""
        return {"searchText": ref, "detail": "full"}

    def canonical_ref(self, ref: str) -> str:
        """Return a reference or an id without regard to case, spaces, hyphens and underscores."""
        return fold(ref)

    def headers(self) -> dict[str, str]:
        """Return the headers of one HTTP attempt, with a token of its own.

        The vendor's table calls the app's id `lid`, its samples send it as header `iId`; we send `iId`.
        """
        token = mint(
            client_id=self._account.client_id,
            key=self._key,
            algorithm=self._account.jwt_algorithm,
            now=self._clock(),
            nonce=self._nonce(),
        )
        return {
            "auth": token,
            "accountId": self._account.account_id,
            "iId": self._account.stream_id,
            "Accept": "application/json",
            "bot-language": "en",
            "app-language": "en",
            **self._account.headers,
        }

    def token_grant(self, _scope: Scope) -> None:
        """Request no access token: each attempt is signed by itself."""

    def lookup(self, name: NameRef) -> Lookup | None:
        """Return the search for a reference, as text, or for one row that has the status, priority or queue.

        That `searchText` finds references is a guess: the page says "name or title".
        """
        stream_id = self._account.stream_id
        if name.kind in {"case", "task"}:
            if name.name.startswith(("ci-", "ti-")):  # no filter takes an id
                return None
            tail = "getTasks" if name.kind == "task" else "getCases"
            request = lookup_request(stream_id, tail, {"searchText": name.name}, limit=_LOOKUP_ROWS)
            return Lookup(request=request, parse=self._rows_and_names, required=True)
        filter_name = "queues" if name.kind == "queue" else name.kind
        request = lookup_request(stream_id, "getCases", {filter_name: [name.name]}, limit=1)
        return Lookup(request=request, parse=self._rows_and_names, required=False)

    def _rows_and_names(
        self, response: Response, operation: Operation
    ) -> tuple[Mapping[str, Json], Sequence[LearnedName]]:
        rows = readable(results_of(response, operation)[1][:_LOOKUP_ROWS], account_id=self._account.account_id)
        return {row["_id"]: row for row in rows}, names_in(rows)

    def prepare(self) -> None:
        """Parse the key."""
        _ = self._key

    @cached_property
    def _key(self) -> object:
        account = self._account
        if account.client_secret is not None and account.jwt_algorithm.startswith("HS"):
            return account.client_secret.get_secret_value().encode()
        pem = text_of_file(account.private_key_file, setting="KORE_PRIVATE_KEY_FILE")
        return parsed_key(pem, algorithm=account.jwt_algorithm, setting="KORE_PRIVATE_KEY_FILE")


def connect(
    account: KoreSettings, settings: Settings, *, clock: Callable[[], datetime], nonce: Callable[[], str]
) -> Kore:
    """Return the vendor for an account; nothing is sent."""
    return Kore(account, settings, clock=clock, nonce=nonce)
