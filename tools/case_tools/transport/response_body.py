"""The bytes of a response, decoded and bounded: a small answer may expand to any size."""

import zlib
from collections.abc import AsyncIterator
from typing import Final

CODING: Final = "gzip"
"""The one content coding that is asked for and taken."""

_LARGEST: Final = 16 * 1024 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS


class TransportError(Exception):
    """No usable response came.

    Attributes:
        sent: False where no byte of the request left, so that it provably never reached the desk.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


async def body_of(parts: AsyncIterator[bytes], coding: str) -> bytes:
    """Return the decoded body.

    Args:
        parts: the bytes as they came in.
        coding: the header `Content-Encoding`.

    Raises:
        TransportError: it is larger than 16 MiB, in another coding than was asked for, or not whole.
    """
    named = coding.strip().lower()
    if named not in {"", "identity", CODING, f"x-{CODING}"}:
        raise TransportError("its answer is in a coding that was not asked for", sent=True)
    decoder = zlib.decompressobj(_GZIP) if named.endswith(CODING) else None
    body = bytearray()
    async for part in parts:
        body += part if decoder is None else _decoded(decoder, part, _LARGEST + 1 - len(body))
        if len(body) > _LARGEST:
            raise TransportError("its answer is larger than 16 MiB", sent=True)
    if decoder is not None and body and not decoder.eof:
        raise TransportError("its answer breaks off", sent=True)
    return bytes(body)


def _decoded(decoder: "zlib._Decompress", part: bytes, room: int) -> bytes:
    try:
        decoded = decoder.decompress(part, room)
    except zlib.error:
        raise TransportError("its answer cannot be decoded", sent=True) from None
    if decoder.unused_data:
        raise TransportError("its answer goes on behind its end", sent=True)
    return decoded
