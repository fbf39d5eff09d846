"""HTTP/1.1 messages as bytes: what the proxy passes on and the scripted desk reads."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request or an answer; header names are in lower case.

    Attributes:
        head: its bytes up to the empty line, that included.
        first: the words of its first line.
    """

    head: bytes
    first: tuple[str, str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def whole(self) -> bytes:
        """The bytes as they came."""
        return self.head + self.body


async def read_message(reader: asyncio.StreamReader) -> Message | None:
    """Return the next message, none where the other side closed or broke off."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in fields)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except (asyncio.IncompleteReadError, OSError):
        return None
    first, second, third = line.split(" ", 2)
    return Message(head=head, first=(first, second, third), headers=headers, body=body)


def answer(status: int, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return the bytes of an answer."""
    fields = {"Content-Type": "application/json", **headers, "Content-Length": str(len(body))}
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
