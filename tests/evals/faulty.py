"""A desk that fails half-way: the practice desk on a loopback socket, with a task's faults before it."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from case_tools.embedded import EmbeddedDesk, environment_of
from evals.task import Fault, Task


class FaultyDesk:
    """Answers what the practice desk answers, but where a fault strikes."""

    def __init__(self, desk: EmbeddedDesk, faults: Sequence[Fault]) -> None:
        self._desk = desk
        self._faults = faults
        self._seen = [0] * len(faults)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, or the server's start and end."""
        fault = self._struck(scope) if scope["type"] == "http" else None
        if fault is None:
            await self._desk(scope, receive, send)
            return
        if fault.committed:
            await self._desk(scope, receive, _unheard)
        else:
            while (await receive()).get("more_body"):
                pass
        await _refuse(fault, send)

    def _struck(self, scope: Any) -> Fault | None:
        for index, fault in enumerate(self._faults):
            if scope["method"] == fault.method and fault.path in scope["path"]:
                self._seen[index] += 1
                behind = self._seen[index] - fault.first
                if behind >= 0 and (fault.times is None or behind < fault.times):
                    return fault
        return None


async def _unheard(_message: Any) -> None:
    """Take an answer that nobody gets."""


async def _refuse(fault: Fault, send: Any) -> None:
    # Both vendors' shapes in one body; neither documents what it answers in such a case.
    body = json.dumps({"errors": [{"msg": "Failure", "code": fault.status}], "message": "Failure"}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if fault.retry_after is not None:
        headers.append((b"retry-after", str(fault.retry_after).encode()))
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(task: Task, file: Path) -> Iterator[Mapping[str, str]]:
    """Serve the task's desk, and yield the settings that lead to it."""
    with closing(EmbeddedDesk.open(str(file))) as desk, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        host = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            FaultyDesk(desk, task.faults), log_level="error", lifespan="off", http="h11", date_header=False
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield environment_of(desk.account, dialect=task.vendor, host=host)
        finally:
            server.should_exit = True
            thread.join()
