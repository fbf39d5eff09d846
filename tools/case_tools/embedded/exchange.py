"""What every dialect makes of an HTTP request: a head, then a body, then an answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, Self

from case_tools.embedded.records import Json
from case_tools.embedded.refusals import RefusedError


class Answer(NamedTuple):
    """An HTTP status, a JSON object and headers."""

    status: int
    body: Json
    headers: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a request before its body is read; names of headers are in lower case."""

    method: str
    path: str
    scheme: str = "http"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> Self:
        """Read an ASGI scope; of a header that is there twice the first counts."""
        return cls(
            method=scope["method"],
            path=scope["path"],
            scheme=scope.get("scheme", "http"),
            query=scope.get("query_string", b"").decode(errors="replace"),
            headers={
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in reversed(list(scope["headers"]))
            },
        )

    @property
    def address(self) -> str:
        """Tell the address that the request was sent to, without its query."""
        return f"{self.scheme}://{self.headers.get('host', '')}{self.path}"


Respond = Callable[[bytes], Answer]


class Dialect(Protocol):
    """A vendor's wire format."""

    def begin(self, head: Head) -> Respond:
        """Route the request and check its credentials; return what answers its body."""

    def problem(self, head: Head, error: RefusedError) -> Json:
        """Write the body of a refusal."""
