"""The contract of a ledger's store, kept by every store alike; and how intents are told apart."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from case_tools.idempotency import Intent, Outcome, Row, SearchFacts, Store, intent_of
from case_tools.state.sqlite.backend import State
from case_tools.state.sqlite.ledger_rows import SqliteStore

pytestmark = pytest.mark.anyio

DESK = "a desk"
WANTED = Intent(key="k1", digest="d1", desk=DESK, tool="create_case", named=False)
NAMED = replace(WANTED, key="k2", named=True)
SOUGHT = SearchFacts(facts={"name": "Parcel is late"}, mark="[case-mcp 1]")
DONE = Outcome(ref="CS000123", id="ci-1")
NOW = 1_000_000.0
Opener = Callable[[], Awaitable[Store]]


@pytest.fixture(params=["file", "memory"])
async def opener(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opener]:
    """Give what opens the store once more, as another process would; in memory there is one process."""
    opened: list[State] = []

    async def open_store() -> Store:
        if request.param == "memory" and opened:
            return opened[0].ledger
        path = str(tmp_path / "state.db") if request.param == "file" else ":memory:"
        opened.append(State.open(path, desk=DESK))
        return opened[-1].ledger

    yield open_store
    for each in opened:
        each.close()


@pytest.fixture
async def store(opener: Opener) -> Store:
    """Give one store."""
    return await opener()


def claimed(intent: Intent, owner: str = "me", at: float = NOW) -> Row:
    """Return the row of a fresh claim."""
    return Row(intent=intent, owner=owner, state="claimed", claimed_at=at)


async def claim(store: Store, intent: Intent = WANTED, owner: str = "me", **more: Any) -> Row:
    """Claim with a window that began ten minutes ago."""
    return await store.claim(intent, owner=owner, **{"now": NOW, "since": NOW - 600, **more})


async def sent(store: Store, intent: Intent = WANTED, owner: str = "me", at: float = NOW) -> None:
    """Claim, and note that the first byte left."""
    await claim(store, intent, owner, now=at)
    assert await store.mark_sent(intent.key, owner=owner, sought=SOUGHT, now=at)


async def test_the_first_claim_is_the_claimants(store: Store) -> None:
    """Ours: a row of one's own is the leave to send."""
    assert await claim(store) == claimed(WANTED) == await store.get("k1")


async def test_a_second_claim_gets_the_row_of_the_first(opener: Opener) -> None:
    """Ours: also over another connection, as of another process."""
    await claim(await opener())
    assert await claim(await opener(), owner="other") == claimed(WANTED)


async def test_of_many_claims_at_once_one_wins(opener: Opener) -> None:
    """Ours: eight connections, eight owners, one row."""
    stores = [await opener() for _ in range(8)]
    owners: list[str] = []

    async def race(number: int, store: Store) -> None:
        owners.append((await claim(store, owner=f"owner {number}")).owner)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for number, each in enumerate(stores):
                tasks.start_soon(race, number, each)
    assert len(owners) == 8
    assert len({*owners}) == 1


async def test_a_claim_that_never_left_may_be_taken_over_and_its_owner_cannot_send(store: Store) -> None:
    """Ours: what has not left is safe to take; whoever held it is told before its first byte."""
    held = await claim(store)
    assert await claim(store, owner="other", instead=held) == claimed(WANTED, "other")
    assert not await store.mark_sent("k1", owner="me", sought=SOUGHT, now=NOW)
    assert await store.mark_sent("k1", owner="other", sought=SOUGHT, now=NOW)


async def test_what_has_left_cannot_be_taken_over_however_old(store: Store) -> None:
    """Ours: a claim's age alone never permits a second send."""
    held = await claim(store)
    await store.mark_sent("k1", owner="me", sought=SOUGHT, now=NOW)
    years_later = NOW + 10**8
    for instead in (None, held, await store.get("k1")):
        row = await claim(store, owner="other", now=years_later, since=years_later, instead=instead)
        assert (row.owner, row.state) == ("me", "sent")
    await store.finish("k1", state="unknown", now=NOW)
    row = await claim(store, owner="other", now=years_later, since=years_later, instead=await store.get("k1"))
    assert (row.owner, row.state) == ("me", "unknown")


async def test_a_row_keeps_when_it_left_first_and_last_and_what_to_search_for(store: Store) -> None:
    """Ours: an attempt answered with 429 is followed by another of the same row."""
    await sent(store)
    assert await store.mark_sent("k1", owner="me", sought=SOUGHT, now=NOW + 5)
    assert await store.get("k1") == replace(
        claimed(WANTED), state="sent", sent_at=(NOW, NOW + 5), sought=SOUGHT, ended_at=None
    )


async def test_a_finished_row_keeps_the_outcome_and_no_words_of_a_customer(store: Store) -> None:
    """Documented: DESIGN's decision 10."""
    await sent(store)
    await store.finish("k1", state="done", now=NOW + 1, outcome=DONE)
    assert await store.get("k1") == replace(
        claimed(WANTED), state="done", sent_at=(NOW, NOW), ended_at=NOW + 1, outcome=DONE, sought=None
    )


async def test_an_unknown_row_keeps_what_to_search_for(store: Store) -> None:
    """Ours: it is searched for until it is found."""
    await sent(store)
    await store.finish("k1", state="unknown", now=NOW + 1)
    row = await store.get("k1")
    assert row is not None
    assert (row.state, row.sought, row.outcome) == ("unknown", SOUGHT, None)


async def test_what_is_done_stays_done(store: Store) -> None:
    """Ours: an owner that hears late does not undo what a search has found."""
    await sent(store)
    await store.finish("k1", state="done", now=NOW, outcome=DONE)
    before = await store.get("k1")
    await store.finish("k1", state="unknown", now=NOW + 9)
    await store.release("k1", owner="me")
    assert await store.get("k1") == before


async def test_a_released_row_is_free(store: Store) -> None:
    """Ours: a definite refusal frees the key."""
    await sent(store)
    await store.release("k1", owner="me")
    assert await store.get("k1") is None
    assert await claim(store, owner="other") == claimed(WANTED, "other")


async def test_only_its_owner_releases_a_row(store: Store) -> None:
    """Ours: a process that lost its claim frees nothing."""
    await sent(store)
    await store.release("k1", owner="other")
    assert await store.get("k1") is not None


@pytest.mark.parametrize(
    ("intent", "ended", "mine"),
    [(WANTED, NOW - 601, True), (WANTED, NOW - 599, False), (NAMED, NOW - 10**8, False)],
    ids=["derived and old", "derived and young", "named"],
)
async def test_a_derived_key_means_another_intent_after_its_window(
    store: Store, intent: Intent, ended: float, *, mine: bool
) -> None:
    """Ours: two equal complaints a week apart are two; a key that the caller gave stays what it was."""
    await sent(store, intent, at=ended)
    await store.finish(intent.key, state="done", now=ended, outcome=DONE)
    assert ((await claim(store, intent, "other")).owner == "other") is mine


async def test_what_was_found_while_nobody_asked_waits_for_its_caller(store: Store) -> None:
    """Ours: the caller was promised that a repeat never sends; the window begins when it is told."""
    await sent(store)
    await store.finish("k1", state="unknown", now=NOW)
    assert await store.take("k1", desk=DESK, found=[DONE], now=NOW, state="found") == {"ci-1"}
    await store.finish("k1", state="unknown", now=NOW)
    a_day_later = NOW + 86_400
    row = await claim(store, owner="other", now=a_day_later, since=a_day_later - 600)
    assert (row.owner, row.state, row.outcome) == ("me", "found", DONE)
    await store.finish("k1", state="done", now=a_day_later, outcome=DONE)
    row = await claim(store, owner="other", now=a_day_later, since=a_day_later - 600)
    assert (row.owner, row.state) == ("me", "done")
    row = await claim(store, owner="other", now=a_day_later + 601, since=a_day_later + 1)
    assert row.owner == "other"


async def test_an_abandoned_row_makes_place(store: Store) -> None:
    """Ours: it was searched for, long after, and is not there."""
    await sent(store)
    await store.finish("k1", state="unknown", now=NOW)
    await store.finish("k1", state="abandoned", now=NOW)
    assert (await claim(store, owner="other")).owner == "other"


async def test_open_rows_are_those_that_left_without_an_end(opener: Opener) -> None:
    """Ours: what a new process searches for; other desks on the same file are not its business."""
    store = await opener()
    intents = [replace(WANTED, key=f"k{number}") for number in range(5)]
    await claim(store, intents[0])
    for each in intents[1:4]:
        await sent(store, each)
    await sent(store, replace(intents[4], desk="another desk"))
    await store.finish("k2", state="unknown", now=NOW)
    await store.finish("k3", state="done", now=NOW, outcome=DONE)
    rows = await (await opener()).open_rows(DESK, forget_before=0)
    assert sorted((row.intent.key, row.state) for row in rows) == [("k1", "sent"), ("k2", "unknown")]


async def test_what_ended_long_ago_is_forgotten_and_what_has_no_end_is_not(store: Store) -> None:
    """Documented: DESIGN's decision 10 drops finished rows after 30 days."""
    intents = [replace(WANTED, key=f"k{number}") for number in range(4)]
    await claim(store, intents[0])
    for each in intents[1:]:
        await sent(store, each)
    await store.finish("k1", state="done", now=NOW, outcome=DONE)
    await store.finish("k2", state="unknown", now=NOW)
    rows = await store.open_rows(DESK, forget_before=NOW + 1)
    assert sorted(row.intent.key for row in rows) == ["k2", "k3"]
    assert [await store.get(key) for key in ("k0", "k1")] == [None, None]


async def test_a_row_comes_to_what_no_other_row_has_come_to(store: Store) -> None:
    """Ours: a case that another intent has opened is not taken for this one's."""
    other, third = replace(WANTED, key="k2"), replace(WANTED, key="k3", desk="another desk")
    for each in (WANTED, other, third):
        await sent(store, each)
    twin = Outcome(ref="CS000124", id="ci-2")
    assert await store.take("k1", desk=DESK, found=[DONE, twin], now=NOW) == {"ci-1", "ci-2"}
    assert await store.take("k2", desk=DESK, found=[DONE], now=NOW) == set()
    assert await store.take("k2", desk=DESK, found=[DONE, twin], now=NOW) == {"ci-2"}
    assert await store.take("k3", desk="another desk", found=[DONE], now=NOW) == {"ci-1"}
    rows = [await store.get(key) for key in ("k1", "k2", "k3")]
    assert [(row.state, row.outcome) for row in rows if row] == [("done", DONE), ("done", twin), ("done", DONE)]


async def test_what_was_done_again_on_purpose_is_the_later_rows(store: Store) -> None:
    """Ours: who was told that the desk shows nothing did it again; its first row must not take what that made."""
    await sent(store)
    await sent(store, replace(WANTED, key="k2"), at=NOW + 60)
    assert await store.take("k1", desk=DESK, found=[DONE], now=NOW + 61, yields=True) is None
    assert await store.take("k2", desk=DESK, found=[DONE], now=NOW + 62, yields=True) == {"ci-1"}
    twin = Outcome(ref="CS000124", id="ci-2")
    assert await store.take("k1", desk=DESK, found=[DONE, twin], now=NOW + 63, yields=True) == {"ci-2"}


async def test_a_row_may_be_found_twice_at_once(store: Store) -> None:
    """Ours: a repeat and the search at the start may look at one row; neither takes it from the other."""
    await sent(store)
    for _ in range(2):
        assert await store.take("k1", desk=DESK, found=[DONE], now=NOW) == {"ci-1"}


async def test_of_many_rows_at_once_one_comes_to_a_case(opener: Opener) -> None:
    """Ours: equal intents of several processes that find one case."""
    stores = [await opener() for _ in range(8)]
    taken: list[set[str] | None] = []

    async def race(number: int, store: Store) -> None:
        await sent(store, replace(WANTED, key=f"k{number}"), f"owner {number}")
        taken.append(await store.take(f"k{number}", desk=DESK, found=[DONE], now=NOW))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for number, each in enumerate(stores):
                tasks.start_soon(race, number, each)
    assert sorted(len(each or ()) for each in taken) == [0] * 7 + [1]


async def test_a_cancelled_caller_leaves_the_store_whole(store: Store) -> None:
    """Ours: a write to the ledger is never half done."""
    with anyio.CancelScope() as scope:
        scope.cancel()
        await claim(store)
    assert await store.get("k1") in (None, claimed(WANTED))
    assert await claim(store, replace(WANTED, key="k9")) == claimed(replace(WANTED, key="k9"))


def test_the_sqlite_store_is_a_store() -> None:
    """Ours: mypy holds the same; another store follows this interface."""
    assert {name for name in vars(Store) if not name.startswith("_")} <= {*dir(SqliteStore)}


ARGUMENTS = {"name": "Parcel is late", "userInfo": {"name": "Jane Roe", "id": "u-1"}}


def intent(**more: Any) -> Intent:
    """Return an intent that differs from the usual one in what is given."""
    usual = {"caller": "local", "desk": DESK, "tool": "create_case", "arguments": ARGUMENTS, "request_key": None}
    return intent_of(**{**usual, **more})


@pytest.mark.parametrize(
    "more",
    [
        {"caller": "bot"},
        {"desk": "another desk"},
        {"tool": "create_task"},
        {"arguments": {**ARGUMENTS, "name": "Parcel is late."}},
        {"arguments": {**ARGUMENTS, "allow_duplicate": True}},
        {"request_key": "a"},
    ],
    ids=["caller", "desk", "tool", "title", "allow_duplicate", "request_key"],
)
def test_intents_that_differ_in_anything_have_keys_of_their_own(more: dict[str, Any]) -> None:
    """Ours: principal, desk, tool and arguments, `allow_duplicate` among them."""
    assert intent(**more).key != intent().key


def test_equal_arguments_are_one_intent_whatever_their_order() -> None:
    """Ours: JSON objects have no order."""
    turned = {"userInfo": {"id": "u-1", "name": "Jane Roe"}, "name": "Parcel is late"}
    assert intent(arguments=turned) == intent()


def test_a_request_key_is_one_intent_whatever_the_arguments_which_the_digest_tells() -> None:
    """Ours: so that the same key with other arguments can be refused."""
    one, other = intent(request_key="a"), intent(request_key="a", arguments={"name": "Another"})
    assert (one.key == other.key, one.digest == other.digest, one.named) == (True, False, True)
    assert intent(request_key="a", caller="bot").key != one.key
