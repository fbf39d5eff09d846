"""The contract of a ledger's rows, kept by every backend alike."""

from dataclasses import replace
from typing import Any, Final

import anyio
import pytest

from case_tools.state import Intent, LedgerRow, LedgerStore, SearchFacts, WriteOutcome
from state_backends import BEGIN, DESK, Backend

pytestmark = pytest.mark.anyio

WANTED: Final = Intent(key="k1", digest="d1", desk=DESK, tool="create_case", named=False, subject="local")
NAMED: Final = replace(WANTED, key="k2", named=True)
ON_PURPOSE: Final = replace(WANTED, key="k3", on_purpose=True)
FACTS: Final = SearchFacts(facts={"name": "Parcel is late"}, mark="[case-mcp 1]")
DONE: Final = WriteOutcome(ref="CS000123", id="ci-1")
WINDOW: Final = 600.0


def claimed(intent: Intent, owner: str = "me", at: float = BEGIN) -> LedgerRow:
    """Return the row of a fresh claim."""
    return LedgerRow(intent=intent, owner=owner, state="claimed", claimed_at=at)


async def claim(ledger: LedgerStore, intent: Intent = WANTED, owner: str = "me", **more: Any) -> LedgerRow:
    """Claim with a window of ten minutes."""
    return await ledger.claim(intent, owner=owner, **{"window": WINDOW, **more})


async def mark(ledger: LedgerStore, key: str = "k1", owner: str = "me", **more: Any) -> str:
    """Note that the first byte is about to leave, for a sender that waits 25 seconds."""
    return await ledger.mark_sent(key, owner=owner, facts=FACTS, **{"seconds": 25.0, **more})


async def sent(ledger: LedgerStore, intent: Intent = WANTED, owner: str = "me") -> None:
    """Claim, and note that the first byte left."""
    await claim(ledger, intent, owner)
    assert await mark(ledger, intent.key, owner) == "sent"


async def row_of(ledger: LedgerStore, key: str = "k1") -> LedgerRow:
    """Return a row that is there."""
    row = await ledger.get(key)
    assert row is not None
    return row


async def test_the_first_claim_is_the_claimants(ledger: LedgerStore) -> None:
    """Ours: a row of one's own is the leave to send."""
    assert await claim(ledger) == claimed(WANTED) == await ledger.get("k1")


async def test_a_second_claim_gets_the_row_of_the_first(backend: Backend) -> None:
    """Ours: also over another connection, as of another process."""
    await claim((await backend.open()).ledger)
    assert await claim((await backend.open()).ledger, owner="other") == claimed(WANTED)


async def test_of_many_claims_at_once_one_wins(backend: Backend) -> None:
    """Ours: eight connections, eight owners, one row."""
    ledgers = [(await backend.open()).ledger for _ in range(8)]
    owners: list[str] = []

    async def race(number: int, ledger: LedgerStore) -> None:
        owners.append((await claim(ledger, owner=f"owner {number}")).owner)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for number, each in enumerate(ledgers):
                tasks.start_soon(race, number, each)
    assert len(owners) == 8
    assert len({*owners}) == 1


async def test_a_claim_that_never_left_may_be_taken_over_and_its_owner_cannot_send(ledger: LedgerStore) -> None:
    """Ours: what has not left is safe to take; whoever held it learns that before its first byte."""
    held = await claim(ledger)
    assert await claim(ledger, owner="other", instead=held) == claimed(WANTED, "other")
    assert await mark(ledger) == "lost"
    assert await mark(ledger, owner="other") == "sent"


async def test_what_has_left_cannot_be_taken_over_however_old(ledger: LedgerStore, backend: Backend) -> None:
    """Ours: a claim's age alone never permits a second send."""
    held = await claim(ledger)
    await mark(ledger)
    await backend.pass_time(10**8)
    for instead in (None, held, await ledger.get("k1")):
        row = await claim(ledger, owner="other", window=0, instead=instead)
        assert (row.owner, row.state) == ("me", "sent")
    await ledger.finish("k1", state="unknown")
    await backend.pass_time(10**8)
    row = await claim(ledger, owner="other", window=0, instead=await ledger.get("k1"))
    assert (row.owner, row.state) == ("me", "unknown")


async def test_a_row_keeps_when_it_left_the_senders_deadline_and_what_to_search_for(
    ledger: LedgerStore, backend: Backend
) -> None:
    """Ours: an attempt answered with 429 is followed by another of the same row."""
    await sent(ledger)
    await backend.pass_time(5)
    assert await mark(ledger, seconds=20.0) == "sent"
    assert await ledger.get("k1") == replace(
        claimed(WANTED), state="sent", sent_at=(BEGIN, BEGIN + 5), deadline=BEGIN + 25, facts=FACTS
    )


async def test_how_old_a_row_is_is_said_by_the_backends_clock(ledger: LedgerStore, backend: Backend) -> None:
    """Ours: seconds since its sender gave up on it, whatever the reader's own timeout and clock."""
    await sent(ledger)
    await backend.pass_time(10)
    before = await row_of(ledger)
    await backend.pass_time(90)
    after = await row_of(ledger)
    assert (before.overdue, after.overdue, after.sent_ago) == (-15, 75, 100)
    await ledger.finish("k1", state="unknown")
    await backend.pass_time(7)
    assert (await row_of(ledger)).overdue == 7


async def test_a_sender_shows_that_it_is_alive(ledger: LedgerStore, backend: Backend) -> None:
    """Ours: by its rows that are in the air, and only by its own."""
    await sent(ledger)
    for owner, beat in (("other", BEGIN), ("me", BEGIN + 3)):
        await backend.pass_time(1.5)
        await ledger.beat(["k1"], owner=owner)
        assert (await row_of(ledger)).beat_at == beat


async def test_a_finished_row_keeps_the_outcome_and_no_words_of_a_customer(
    ledger: LedgerStore, backend: Backend
) -> None:
    """Documented: DESIGN's decision 10."""
    await sent(ledger)
    await backend.pass_time(1)
    await ledger.finish("k1", state="done", outcome=DONE)
    assert await ledger.get("k1") == replace(
        claimed(WANTED),
        state="done",
        sent_at=(BEGIN, BEGIN),
        deadline=BEGIN + 25,
        ended_at=BEGIN + 1,
        outcome=DONE,
    )


async def test_an_unknown_row_keeps_what_to_search_for(ledger: LedgerStore) -> None:
    """Ours: it is searched for until it is found."""
    await sent(ledger)
    await ledger.finish("k1", state="unknown")
    row = await row_of(ledger)
    assert (row.state, row.facts, row.outcome) == ("unknown", FACTS, None)


@pytest.mark.parametrize("end", ["done", "not_there", "unresolved"])
async def test_what_has_an_end_keeps_it(ledger: LedgerStore, end: Any) -> None:
    """Ours: an owner that hears late does not undo what a search has found."""
    await sent(ledger)
    await ledger.finish("k1", state=end, outcome=DONE if end == "done" else None)
    before = await row_of(ledger)
    assert before.facts is None
    await ledger.finish("k1", state="unknown")
    await ledger.release("k1", owner="me")
    assert await ledger.get("k1") == before


async def test_a_released_row_is_free(ledger: LedgerStore) -> None:
    """Ours: a definite refusal frees the key."""
    await sent(ledger)
    await ledger.release("k1", owner="me")
    assert await ledger.get("k1") is None
    assert await claim(ledger, owner="other") == claimed(WANTED, "other")


async def test_only_its_owner_releases_a_row(ledger: LedgerStore) -> None:
    """Ours: a process that lost its claim frees nothing."""
    await sent(ledger)
    await ledger.release("k1", owner="other")
    assert await ledger.get("k1") is not None


@pytest.mark.parametrize(
    ("intent", "end", "ago", "mine"),
    [
        (WANTED, "done", 601, True),
        (WANTED, "done", 599, False),
        (NAMED, "done", 10**8, False),
        (WANTED, "not_there", 10**8, False),
        (WANTED, "unresolved", 10**8, False),
        (ON_PURPOSE, "not_there", 601, True),
        (ON_PURPOSE, "not_there", 599, False),
        (ON_PURPOSE, "unresolved", 601, True),
        (WANTED, "found", 10**8, False),
    ],
)
async def test_a_row_that_ended_makes_place_only_for_what_is_another_intent(
    ledger: LedgerStore, backend: Backend, intent: Intent, end: Any, ago: float, *, mine: bool
) -> None:
    """Ours: two equal complaints a week apart are two; what was never found is not sent again by itself."""
    await sent(ledger, intent)
    await ledger.finish(intent.key, state=end, outcome=DONE if end in {"done", "found"} else None)
    await backend.pass_time(ago)
    assert ((await claim(ledger, intent, "other")).owner == "other") is mine


async def test_what_was_found_while_nobody_asked_waits_for_its_caller(
    ledger: LedgerStore, backend: Backend
) -> None:
    """Ours: the caller was promised that a repeat never sends; the window begins when it gets the result."""
    await sent(ledger)
    await ledger.finish("k1", state="unknown")
    assert await ledger.take("k1", desk=DESK, found=[DONE], state="found") == {"ci-1"}
    await ledger.finish("k1", state="unknown")
    await backend.pass_time(86_400)
    row = await claim(ledger, owner="other")
    assert (row.owner, row.state, row.outcome) == ("me", "found", DONE)
    await ledger.finish("k1", state="done", outcome=DONE)
    row = await claim(ledger, owner="other")
    assert (row.owner, row.state) == ("me", "done")
    await backend.pass_time(601)
    assert (await claim(ledger, owner="other")).owner == "other"


async def test_open_rows_are_those_that_left_without_an_end_the_oldest_first(backend: Backend) -> None:
    """Ours: what a new process searches for; other desks on the same state are not its business."""
    ledger = (await backend.open()).ledger
    await claim(ledger, replace(WANTED, key="k0"))
    for key in ("k3", "k2", "k1"):
        await sent(ledger, replace(WANTED, key=key))
        await backend.pass_time(1)
    await sent(ledger, replace(WANTED, key="k4", desk="another desk"))
    await ledger.finish("k1", state="unknown")
    await ledger.finish("k2", state="done", outcome=DONE)
    rows = await (await backend.open()).ledger.open_rows(DESK)
    assert [(row.intent.key, row.state, row.facts) for row in rows] == [
        ("k3", "sent", FACTS),
        ("k1", "unknown", FACTS),
    ]


async def test_what_ended_long_ago_is_forgotten_and_what_has_no_end_is_ended(
    ledger: LedgerStore, backend: Backend
) -> None:
    """Documented: DESIGN's decision 10; a row without an end keeps a customer's words for a day at most."""
    await claim(ledger, replace(WANTED, key="k0"))
    for key in ("k1", "k2", "k3"):
        await sent(ledger, replace(WANTED, key=key))
    await ledger.finish("k1", state="done", outcome=DONE)
    await ledger.finish("k2", state="unknown")
    await backend.pass_time(100)
    await sent(ledger, replace(WANTED, key="k5"))
    assert await ledger.prune(keep=99, resolve=101) == 2
    assert await ledger.prune(keep=99, resolve=99) == 2
    assert [await ledger.get(key) for key in ("k0", "k1")] == [None, None]
    assert [
        ((await row_of(ledger, key)).state, (await row_of(ledger, key)).facts) for key in ("k2", "k3", "k5")
    ] == [
        ("unresolved", None),
        ("unresolved", None),
        ("sent", FACTS),
    ]


async def test_a_row_is_what_no_other_row_is(ledger: LedgerStore) -> None:
    """Ours: a case that another intent has opened is not taken for this one's."""
    for key, desk in (("k1", DESK), ("k2", DESK), ("k3", "another desk")):
        await sent(ledger, replace(WANTED, key=key, desk=desk))
    twin = WriteOutcome(ref="CS000124", id="ci-2")
    assert await ledger.take("k1", desk=DESK, found=[DONE, twin]) == {"ci-1", "ci-2"}
    assert await ledger.take("k2", desk=DESK, found=[DONE]) == set()
    assert await ledger.take("k2", desk=DESK, found=[DONE, twin]) == {"ci-2"}
    assert await ledger.take("k3", desk="another desk", found=[DONE]) == {"ci-1"}
    rows = [await row_of(ledger, key) for key in ("k1", "k2", "k3")]
    assert [(row.state, row.outcome) for row in rows] == [("done", DONE), ("done", twin), ("done", DONE)]


async def test_what_was_done_again_on_purpose_is_the_later_rows(ledger: LedgerStore, backend: Backend) -> None:
    """Ours: a caller who was told that the desk shows nothing did it again; its first row must not take that."""
    await sent(ledger)
    await backend.pass_time(60)
    await sent(ledger, replace(WANTED, key="k2"))
    assert await ledger.take("k1", desk=DESK, found=[DONE], yields=True) is None
    assert await ledger.take("k2", desk=DESK, found=[DONE], yields=True) == {"ci-1"}
    twin = WriteOutcome(ref="CS000124", id="ci-2")
    assert await ledger.take("k1", desk=DESK, found=[DONE, twin], yields=True) == {"ci-2"}


async def test_a_row_may_be_found_twice_at_once(ledger: LedgerStore) -> None:
    """Ours: a repeat and the search in the background may look at one row; neither takes it from the other."""
    await sent(ledger)
    for _ in range(2):
        assert await ledger.take("k1", desk=DESK, found=[DONE]) == {"ci-1"}


async def test_of_many_rows_at_once_one_takes_a_case(backend: Backend) -> None:
    """Ours: equal intents of several processes that find one case."""
    ledgers = [(await backend.open()).ledger for _ in range(8)]
    taken: list[set[str] | None] = []

    async def race(number: int, ledger: LedgerStore) -> None:
        await sent(ledger, replace(WANTED, key=f"k{number}"), f"owner {number}")
        taken.append(await ledger.take(f"k{number}", desk=DESK, found=[DONE]))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for number, each in enumerate(ledgers):
                tasks.start_soon(race, number, each)
    assert sorted(len(each or ()) for each in taken) == [0] * 7 + [1]


async def test_a_cancelled_caller_leaves_the_ledger_whole(ledger: LedgerStore) -> None:
    """Ours: a write to the ledger is never half done."""
    with anyio.CancelScope() as scope:
        scope.cancel()
        await claim(ledger)
    assert await ledger.get("k1") in (None, claimed(WANTED))
    assert await claim(ledger, replace(WANTED, key="k9")) == claimed(replace(WANTED, key="k9"))


async def test_a_confirmation_is_spent_with_the_row_that_it_lets_through(ledger: LedgerStore) -> None:
    """Documented: one yes is one change, whatever keys the repeats have."""
    await claim(ledger)
    await claim(ledger, NAMED)
    assert await mark(ledger, spends="a yes") == "sent"
    assert await mark(ledger, "k2", spends="a yes") == "spent"
    assert await mark(ledger, spends="a yes") == "sent"
    assert (await row_of(ledger, "k2")).state == "claimed"
    assert await mark(ledger, "k2", spends="another yes") == "sent"


async def test_a_row_that_is_lost_spends_no_confirmation(ledger: LedgerStore) -> None:
    """Ours: nothing left, so the yes is still good."""
    held = await claim(ledger)
    await claim(ledger, owner="other", instead=held)
    await claim(ledger, NAMED)
    assert await mark(ledger, spends="a yes") == "lost"
    assert await mark(ledger, "k2", spends="a yes") == "sent"


async def test_a_confirmation_is_spent_by_one_way_or_the_other(ledger: LedgerStore, backend: Backend) -> None:
    """Ours: an update of values spends it in the store of confirmations, a create with its row."""
    confirmations = (await backend.open()).confirmations
    await claim(ledger)
    await claim(ledger, NAMED)
    assert await confirmations.spend("a yes")
    assert await mark(ledger, spends="a yes") == "spent"
    assert await mark(ledger, "k2", spends="another yes") == "sent"
    assert not await confirmations.spend("another yes")


async def test_of_many_rows_one_spends_a_confirmation(backend: Backend) -> None:
    """Ours: eight connections, eight keys, one yes."""
    ledgers = [(await backend.open()).ledger for _ in range(8)]
    marked: list[str] = []

    async def race(number: int, ledger: LedgerStore) -> None:
        await claim(ledger, replace(WANTED, key=f"k{number}"), f"owner {number}")
        marked.append(await mark(ledger, f"k{number}", f"owner {number}", spends="a yes"))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for number, each in enumerate(ledgers):
                tasks.start_soon(race, number, each)
    assert sorted(marked) == ["sent", *["spent"] * 7]


async def test_a_row_of_an_earlier_release_is_adopted_as_it_is(ledger: LedgerStore) -> None:
    """Ours: what was sent before an upgrade stays sent; its key was of the spelling of the arguments."""
    await sent(ledger)
    before = await row_of(ledger)
    today = replace(WANTED, key="k9", digest="d9", formerly=("k1", "d1"))
    assert await ledger.adopt(today) == replace(before, intent=replace(WANTED, key="k9", digest="d9"))
    assert (await ledger.get("k1"), await ledger.adopt(today)) == (None, None)


async def test_a_row_of_another_write_is_not_adopted(ledger: LedgerStore) -> None:
    """Ours: a request_key that stands for other arguments keeps standing for them."""
    await sent(ledger, NAMED)
    today = replace(NAMED, digest="d9", formerly=("k2", "another digest"))
    assert await ledger.adopt(today) is None
    assert (await row_of(ledger, "k2")).intent.digest == NAMED.digest
