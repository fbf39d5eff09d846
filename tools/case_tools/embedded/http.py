"""What every dialect makes of an HTTP request: a head, then a body, then an answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from case_tools.embedded.records import Json


class WireResponse(NamedTuple):
    """An HTTP status, a JSON object and headers."""

    status: int
    body: Json
    headers: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class RequestHead:
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
        """The address that the request was sent to, without its query."""
        return f"{self.scheme}://{self.headers.get('host', '')}{self.path}"


Respond = Callable[[bytes], WireResponse]
