"""A pipeline put together for one desk: its state opened, its HTTP client made."""

import time
from collections.abc import Callable

from case_tools.adapter.messages import Request, Response
from case_tools.adapter.vendor import Vendor
from case_tools.idempotency import IdempotencyLedger
from case_tools.pipeline.approve import Approver
from case_tools.pipeline.learn import Learner
from case_tools.pipeline.once import OnceWrites
from case_tools.pipeline.pipeline import Pipeline
from case_tools.pipeline.reconcile import LostWrites
from case_tools.pipeline.resolve import Resolver
from case_tools.pipeline.search import Searches
from case_tools.settings import Settings
from case_tools.state import open_state
from case_tools.state.fallback import SteadyRate
from case_tools.transport.call import DeskClock
from case_tools.transport.http_client import HttpClient
from case_tools.transport.rate_limit import WINDOW_SECONDS, RateLimit
from case_tools.transport.retry import RetryingClient


async def open_pipeline(
    vendor: Vendor,
    settings: Settings,
    *,
    clock: DeskClock,
    observe: Callable[[Request, Response], None],
    embedded: object | None,
    report: Callable[[str, str, str, str], None],
) -> Pipeline:
    """Open the state, and begin to reconcile what an earlier process sent without a response.

    Args:
        vendor: the case system.
        settings: the behaviour.
        clock: the desk's time.
        observe: is called with each request and its response.
        embedded: the embedded desk's application, where that is the desk.
        report: is called with tool, caller, outcome and reference of what ends in the background.

    Raises:
        StateError: the state cannot be used.
    """
    state = await open_state(
        settings.state_file,
        desk=vendor.identity,
        seal_key_file=str(settings.seal_key_file) if settings.seal_key_file else None,
    )
    rate = SteadyRate(state.rate, window=WINDOW_SECONDS, monotonic=time.monotonic)
    learner = Learner(state.names)
    await learner.recall()
    client = RetryingClient(
        vendor,
        HttpClient(
            url=vendor.url, sign=vendor.headers, proxy=settings.proxy, app=embedded, ca_file=settings.ca_file
        ),
        rate_limit=RateLimit(settings.allowance, take=rate.consume, monotonic=time.monotonic),
        clock=clock,
        observe=observe,
    )
    resolver = Resolver(vendor, client, learner)
    ledger = IdempotencyLedger(
        state,
        desk=vendor.identity,
        find=LostWrites(vendor, client, clock=clock, permits=state.rate, rate=settings.allowance).find,
        window=settings.repeat_window,
        report=lambda intent, outcome, ref: report(intent.tool, intent.subject, outcome, ref),
    )
    approver = Approver(state.confirmations, resolver, desk=vendor.identity, clock=clock)
    ledger.background.start()
    return Pipeline(
        settings,
        state=state,
        client=client,
        resolver=resolver,
        once=OnceWrites(ledger, settings, desk=vendor.identity),
        approver=approver,
        searches=Searches(client, learner, clock),
    )
