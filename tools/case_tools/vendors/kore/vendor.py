"""Kore.ai AI for Service, as the corridor sees it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from case_tools.adapter.names import LearnedName, NameRef
from case_tools.adapter.tool import Action, Json, Lookup, Response, Scope
from case_tools.errors import ConfigurationError
from case_tools.settings import KoreSettings, Settings
from case_tools.vendors.kore import (
    create_case,
    create_task,
    search_cases,
    search_tasks,
    searches,
    update_case,
    update_task,
)
from case_tools.vendors.kore.credentials import mint
from case_tools.vendors.kore.responses import seen_in


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
        actions: list[Action[Any]] = [
            create_case.action(account),
            update_case.action(account, settings.fields),
            update_task.action(account, settings.fields),
            search_cases.action(account),
        ]
        if "tasks" in settings.toolsets:
            actions += [create_task.action(account), search_tasks.action(account)]
        self.actions: Mapping[str, Action[Any]] = {action.name: action for action in actions}

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """Fix nothing: each desk has its own names."""
        return {}

    def finding(self, ref: str) -> Mapping[str, object]:
        """Return the search for a case by its reference."""
        return {"searchText": ref, "detail": "full"}

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

    def exchange(self, scope: Scope) -> None:
        """Exchange nothing: each attempt is signed by itself."""

    def lookup(self, wanted: NameRef) -> Lookup | None:
        """Return the search for a reference, as text, or for one row that has the status, priority or queue.

        That `searchText` finds references is a guess: the page says "name or title".
        """
        stream_id = self._account.stream_id
        if wanted.kind in {"case", "task"}:
            if wanted.name.startswith(("ci-", "ti-")):  # no filter takes an id
                return None
            tail = "getTasks" if wanted.kind == "task" else "getCases"
            request = searches.lookup_request(stream_id, tail, {"searchText": wanted.name}, limit=20)
            return Lookup(request=request, read=self._rows_and_names, needed=True)
        name = "queues" if wanted.kind == "queue" else wanted.kind
        request = searches.lookup_request(stream_id, "getCases", {name: [wanted.name]}, limit=1)
        return Lookup(request=request, read=self._rows_and_names, needed=False)

    def _rows_and_names(self, answer: Response, tool: str) -> tuple[Mapping[str, Json], Sequence[LearnedName]]:
        results = searches.results_of(answer, tool=tool)[1]
        rows = searches.readable(results, account_id=self._account.account_id)
        return {row["_id"]: row for row in rows}, seen_in(rows)

    @cached_property
    def _key(self) -> str:
        if self._account.client_secret is not None and self._account.jwt_algorithm.startswith("HS"):
            return self._account.client_secret.get_secret_value()
        try:
            return self._account.private_key_file.read_text() if self._account.private_key_file else ""
        except (OSError, ValueError):
            raise ConfigurationError(
                "The private key cannot be read.", next_step="The administrator checks KORE_PRIVATE_KEY_FILE."
            ) from None


def connect(
    account: KoreSettings, settings: Settings, *, clock: Callable[[], datetime], nonce: Callable[[], str]
) -> Kore:
    """Return the vendor for an account; nothing is sent."""
    return Kore(account, settings, clock=clock, nonce=nonce)
