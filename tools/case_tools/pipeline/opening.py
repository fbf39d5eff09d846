"""A pipeline put together for one desk: its state opened, its HTTP client made."""

import time
from collections.abc import Callable
from functools import partial

import anyio.to_thread

from case_tools.adapter.messages import Request, Response
from case_tools.adapter.vendor import Vendor
from case_tools.idempotency import IdempotencyLedger
from case_tools.pipeline.approve import Approver
from case_tools.pipeline.learn import Learner
from case_tools.pipeline.once import OnceWrites
from case_tools.pipeline.pipeline import Pipeline
from case_tools.pipeline.reconcile import LostWrites
from case_tools.pipeline.resolve import Resolver
from case_tools.settings import Settings
from case_tools.state.sqlite.backend import State
from case_tools.transport.call import DeskClock
from case_tools.transport.http_client import HttpClient
from case_tools.transport.rate_limit import WINDOW_SECONDS, RateLimit
from case_tools.transport.retry import Sender


async def open_pipeline(
    vendor: Vendor,
    settings: Settings,
    *,
    clock: DeskClock,
    observe: Callable[[Request, Response], None],
    embedded: object | None,
) -> Pipeline:
    """Open the state, and begin to reconcile what an earlier process sent without a response.

    Args:
        vendor: the case system.
        settings: the behaviour.
        clock: the desk's time.
        observe: is called with each request and its response.
        embedded: the embedded desk's application, where that is the desk.

    Raises:
        ConfigurationError: the state cannot be used.
    """
    state = await anyio.to_thread.run_sync(partial(State.open, settings.state_file, desk=vendor.identity))

    async def consume(rate: int) -> float:
        return await state.memory.spend(rate, now=time.time(), window=WINDOW_SECONDS)

    learner = Learner(state.memory)
    await learner.recall()
    sender = Sender(
        vendor,
        HttpClient(url=vendor.url, sign=vendor.headers, proxy=settings.proxy, app=embedded),
        rate_limit=RateLimit(settings.allowance, take=consume, monotonic=time.monotonic),
        clock=clock,
        observe=observe,
    )
    resolver = Resolver(vendor, sender, learner)
    ledger = IdempotencyLedger(
        state.ledger,
        desk=vendor.identity,
        find=LostWrites(vendor, sender, clock=clock, timeout=settings.timeout).find,
        window=settings.repeat_window,
        life=settings.timeout,
        clock=lambda: clock.own().timestamp(),
    )
    approver = Approver(state.memory, resolver, desk=vendor.identity, clock=clock)
    await ledger.resume()
    return Pipeline(
        settings,
        state=state,
        sender=sender,
        resolver=resolver,
        once=OnceWrites(ledger, settings, desk=vendor.identity),
        approver=approver,
    )
