"""Ten times as many callers as are served at once."""

from collections import Counter
from urllib.parse import urlsplit

import anyio
import pytest

from bench.web_load import MANY, SEARCH, load, memory_of, request_of
from case_server.http.limits import Limits
from served import PATIENCE
from web_served import web


async def test_ten_times_the_load_is_all_answered_within_bounded_memory() -> None:
    """*Ours*: each call is done or told to come again; what is refused costs no memory that stays."""
    assert 10 * Limits().running == MANY
    with web() as server:
        port = urlsplit(server.url).port
        assert port is not None
        try:
            before = memory_of(server.process.pid)
        except FileNotFoundError:
            pytest.skip("memory is read from /proc: run this on Linux")
        with anyio.fail_after(4 * PATIENCE):
            _, told = await load(port, request_of(*SEARCH), callers=MANY, times=2)
        grown = memory_of(server.process.pid) - before
        counts = Counter(status for status, _ in told)
        assert (sum(counts.values()), {*counts} <= {200, 503}, counts[200] > 0) == (2 * MANY, True, True)
        assert grown < 150
        outcomes = Counter(each["outcome"] for each in server.audited(2 * MANY))
        assert outcomes == {"found": counts[200], "overloaded": counts[503]}
        assert await server.get("/readyz") == (200, "ok")
        assert server.end() == 0
