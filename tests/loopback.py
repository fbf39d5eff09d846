"""A desk on a real loopback socket: it keeps what reaches it and answers what a test tells it to."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

SECRET = "an-invented-secret-of-the-tests-that-is-long-enough-for-HS512-as-well"


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request as its bytes came in; headers have lower-case names."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.content)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer to give."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, payload: object, *, status: int = 200, **headers: str) -> Self:
        """Return the payload as a JSON answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(body=json.dumps(payload).encode(), status=status, headers=named)


class LoopbackDesk:
    """Answers each request with what `answer` makes of it.

    Attributes:
        received: the requests in their order.
        answer: request -> answer; a test replaces it, or calls `will_answer`.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received], Reply] = lambda _: Reply()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def will_answer(self, *payloads: object) -> None:
        """Answer with these in turn, the last one from then on; a `Reply` as it is, else as JSON."""
        replies = [each if isinstance(each, Reply) else Reply.of(each) for each in payloads]
        self.answer = lambda _: replies.pop(0) if len(replies) > 1 else replies[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        desk = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536  # head and body in one write, or the second waits for the first's acknowledgement

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                received = Received(
                    method=self.command,
                    path=self.path,
                    headers={name.lower(): value for name, value in self.headers.items()},
                    content=self.rfile.read(length),
                )
                desk.received.append(received)
                reply = desk.answer(received)
                (self.send_response_only if "date" in reply.headers else self.send_response)(reply.status)
                for name, value in {"content-type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_PATCH = do_POST

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
