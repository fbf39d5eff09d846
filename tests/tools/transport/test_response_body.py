"""What a response may hold once it is decoded, over real loopback sockets."""

import gzip
import tracemalloc
import zlib
from typing import Final

import anyio
import pytest

from case_tools.adapter.messages import Request
from case_tools.transport.http_client import HttpClient
from case_tools.transport.response_body import TransportError
from loopback import LoopbackDesk, Reply

pytestmark = pytest.mark.anyio

PATIENCE: Final = 30.0
MEBIBYTE: Final = 1024 * 1024
ROWS: Final = b'{"results": []}'
BOMB: Final = gzip.compress(gzip.compress(bytes(256 * MEBIBYTE)))


async def body_of(loopback: LoopbackDesk, reply: Reply) -> bytes:
    """Return the body that the client makes of a reply."""
    loopback.will_answer(reply)
    client = HttpClient(url=loopback.url, sign=dict)
    try:
        with anyio.fail_after(PATIENCE):
            return (await client.send(Request(method="GET", template="/cases"), seconds=PATIENCE)).body
    finally:
        await client.close()


async def test_one_coding_is_asked_for(loopback: LoopbackDesk) -> None:
    """Ours: what was not asked for is refused."""
    await body_of(loopback, Reply(body=ROWS))
    assert loopback.received[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("coding", ["gzip", "GZIP", " x-gzip "])
async def test_a_compressed_answer_is_decoded(coding: str, loopback: LoopbackDesk) -> None:
    """Ours: the coding's name has no case."""
    assert await body_of(loopback, Reply(body=gzip.compress(ROWS), headers={"content-encoding": coding})) == ROWS


@pytest.mark.parametrize("size", [1, 2, 1000, 16 * MEBIBYTE])
async def test_a_compressed_answer_may_have_any_size_up_to_the_bound(size: int, loopback: LoopbackDesk) -> None:
    """Ours: the bound counts decoded bytes."""
    body = await body_of(loopback, Reply(body=gzip.compress(b"x" * size, 1), headers={"content-encoding": "gzip"}))
    assert len(body) == size


@pytest.mark.parametrize(
    ("body", "coding", "reason"),
    [
        (gzip.compress(bytes(16 * MEBIBYTE + 1)), "gzip", "its answer is larger than 16 MiB"),
        (gzip.compress(bytes(1024 * MEBIBYTE)), "gzip", "its answer is larger than 16 MiB"),
        (BOMB, "gzip, gzip", "its answer is in a coding that was not asked for"),
        (zlib.compress(ROWS), "deflate", "its answer is in a coding that was not asked for"),
        (b"\x28\xb5\x2f\xfd", "zstd", "its answer is in a coding that was not asked for"),
        (b"\x00", "br", "its answer is in a coding that was not asked for"),
        (ROWS, "gzip", "its answer cannot be decoded"),
        (gzip.compress(ROWS)[:-9], "gzip", "its answer breaks off"),
        (gzip.compress(ROWS) + gzip.compress(ROWS), "gzip", "its answer goes on behind its end"),
    ],
    ids=["a byte too many", "a bomb", "twice", "deflate", "zstd", "br", "not compressed", "cut", "two in one"],
)
async def test_an_answer_that_expands_or_lies_about_its_coding_is_refused_in_bounded_memory(
    body: bytes, coding: str, reason: str, loopback: LoopbackDesk
) -> None:
    """Ours: 1,143 bytes expanded to 1.3 GB; whether a write was applied is not known then."""
    reply = Reply(body=body, headers={"content-encoding": coding})
    tracemalloc.start()
    try:
        with pytest.raises(TransportError) as caught:
            await body_of(loopback, reply)
        assert tracemalloc.get_traced_memory()[1] < 64 * MEBIBYTE
    finally:
        tracemalloc.stop()
    assert (str(caught.value), caught.value.sent) == (reason, True)
