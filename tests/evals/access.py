"""The way to a model: address, key and name from the environment, and one request with its repetitions."""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import httpx

from evals.apis import APIS, Anthropic, OpenAI

_WORTH_REPEATING: Final = frozenset({408, 429, 500, 502, 503, 504, 529})
_ATTEMPTS: Final = 6
_LONGEST_WAIT: Final = 60.0
_PATIENCE: Final = httpx.Timeout(300, connect=20)


class NoAccess(Exception):
    """The environment leads to no model; the text says what to set."""


class Refused(Exception):
    """The API will not answer however often it is asked."""


class Unanswered(Exception):
    """The API did not answer this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where the model is and how it is asked.

    Attributes:
        url: the API's address.
        key: what proves the caller; in no text that this module makes.
        model: the model's name.
        api: the wire format.
        sleep: waits for seconds.
    """

    url: str
    key: str = field(repr=False)
    model: str
    api: type[OpenAI | Anthropic]
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Access":
        """Read CASE_EVALS_URL, CASE_EVALS_MODEL, CASE_EVALS_API and CASE_EVALS_KEY.

        Raises:
            NoAccess: no address or no model is set, or the wire format is not known.
        """
        missing = [name for name in ("CASE_EVALS_URL", "CASE_EVALS_MODEL") if not environment.get(name)]
        api = environment.get("CASE_EVALS_API", "openai")
        if missing:
            raise NoAccess(
                f"There is no model to ask: set {' and '.join(missing)}, and CASE_EVALS_KEY if it wants one."
            )
        if api not in APIS:
            raise NoAccess(f"CASE_EVALS_API must be {' or '.join(APIS)}.")
        return cls(
            url=environment["CASE_EVALS_URL"],
            key=environment.get("CASE_EVALS_KEY", ""),
            model=environment["CASE_EVALS_MODEL"],
            api=APIS[api],
        )

    def client(self) -> httpx.AsyncClient:
        """Return an HTTP client for many requests."""
        return httpx.AsyncClient(timeout=_PATIENCE, headers=self.api.headers(self.key))

    async def ask(self, http: httpx.AsyncClient, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send one request until it is answered.

        Raises:
            Refused: the API refuses it for good.
            Unanswered: it fails each time, or answers something else.
        """
        said, wait = "", 0.0
        for attempt in range(_ATTEMPTS):
            await self.sleep(wait)
            try:
                answer = await http.post(self.api.address(self.url), json=body)
            except httpx.TransportError as error:
                said, wait = type(error).__name__, 2.0**attempt
                continue
            if answer.status_code in _WORTH_REPEATING:
                said, wait = self._said(answer), _wait_of(answer, 2.0**attempt)
                continue
            if not answer.is_success:
                raise Refused(self._said(answer))
            return self._payload(answer)
        raise Unanswered(f"no answer in {_ATTEMPTS} attempts, at last {said}")

    def hidden(self, text: str) -> str:
        """Return the text without the key, which some APIs repeat in their errors."""
        return text.replace(self.key, "…") if self.key else text

    def _payload(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            payload = answer.json()
        except ValueError:
            payload = None
        if not isinstance(payload, dict):
            raise Unanswered("the API answered something that is no JSON object")
        return payload

    def _said(self, answer: httpx.Response) -> str:
        """Return the status and the error's own words, which both formats have in the same place."""
        try:
            words = str(answer.json()["error"]["message"])
        except (ValueError, KeyError, TypeError):
            words = ""
        return self.hidden(f"HTTP {answer.status_code} {words}".strip()[:300])


def _wait_of(answer: httpx.Response, otherwise: float) -> float:
    try:
        seconds = float(answer.headers.get("retry-after", ""))
    except ValueError:
        return otherwise
    return min(max(seconds, 0.0), _LONGEST_WAIT) if math.isfinite(seconds) else otherwise
