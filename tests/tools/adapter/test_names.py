"""What the process has seen: found by id or name, forgotten oldest first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_tools.adapter.names import LearnedName, LearnedNames, fold


def status(status_id: str, name: str) -> LearnedName:
    """Return a status as the desk shows it."""
    return LearnedName(kind="status", id=status_id, name=name, value={"_id": status_id, "name": name})


def learned(*seen: LearnedName) -> LearnedNames:
    """Return names that know this."""
    names = LearnedNames()
    names.learn(seen)
    return names


def test_nothing_is_known_at_first() -> None:
    """*Ours*: an empty process finds nothing, and has nothing near."""
    names = LearnedNames()

    assert names.find("status", "Open") == []
    assert names.near("status", "Open") == []
    assert names.all("status") == []


@pytest.mark.parametrize(
    "asked",
    ["In Progress", "in progress", "IN-PROGRESS", "in_progress", "InProgress", " In \t Progress ", "sts-1"],
)
def test_a_thing_is_found_by_id_or_by_name_however_it_is_written(asked: str) -> None:
    """*Ours*: case, spaces, hyphens and underscores make no other name."""
    in_progress = status("sts-1", "In Progress")

    assert learned(in_progress, status("sts-2", "Open")).find("status", asked) == [in_progress]


@pytest.mark.parametrize("asked", ["Progress", "In Progres", "STS-1", "sts1", "", "sts-1 "])
def test_an_id_is_matched_exactly_and_a_name_as_a_whole(asked: str) -> None:
    """*Ours*: `find` guesses nothing; that is what `near` is for."""
    assert learned(status("sts-1", "In Progress")).find("status", asked) == []


def test_kinds_are_kept_apart() -> None:
    """*Ours*: a priority of the same name and id is another thing."""
    urgent = LearnedName(kind="priority", id="x-1", name="Urgent")
    names = learned(status("x-1", "Urgent"), urgent)

    assert names.find("priority", "urgent") == [urgent]
    assert names.find("status", "x-1") == [status("x-1", "Urgent")]
    assert names.find("queue", "urgent") == []
    assert names.all("priority") == ["Urgent"]


def test_two_things_of_one_name_are_both_found() -> None:
    """*Ours*: the caller must be told to give the id; choosing one would change the wrong thing."""
    first, second = status("sts-1", "On Hold"), status("sts-2", "on-hold")
    names = learned(first, second)

    assert names.find("status", "ON HOLD") == [first, second]
    assert names.find("status", "sts-2") == [second]
    assert names.all("status") == ["On Hold", "on-hold"]


def test_an_id_goes_before_a_name() -> None:
    """*Ours*: a thing whose name is another thing's id does not hide it."""
    by_id, by_name = status("sts-1", "Open"), status("sts-2", "sts-1")

    assert learned(by_id, by_name).find("status", "sts-1") == [by_id]


def test_a_thing_learned_again_under_a_new_name_is_not_found_by_the_old_one() -> None:
    """*Ours*: an administrator renamed a status; the old name stands for nothing now."""
    names = learned(status("sts-1", "Open"), status("sts-1", "New"))

    assert names.find("status", "Open") == []
    assert names.find("status", "new") == [status("sts-1", "New")]
    assert names.all("status") == ["New"]


def test_the_other_thing_of_a_name_is_found_after_one_was_renamed() -> None:
    """*Ours*: renaming one of two makes the name unique again."""
    names = learned(status("sts-1", "Open"), status("sts-2", "Open"), status("sts-1", "New"))

    assert names.find("status", "Open") == [status("sts-2", "Open")]


def test_a_thing_learned_again_has_its_newest_value() -> None:
    """*Ours*: the object that goes back to the desk is the one it showed last."""
    newest = LearnedName(kind="status", id="sts-1", name="Open", value={"_id": "sts-1", "statusCategory": "open"})

    assert learned(status("sts-1", "Open"), newest).find("status", "open") == [newest]


def test_all_gives_each_name_once_and_the_one_seen_last_at_the_end() -> None:
    """*Ours*: the order is that of seeing, so that a list that is cut loses no certain end."""
    names = learned(status("sts-1", "Open"), status("sts-2", "Closed"), status("sts-3", "Open"))
    assert names.all("status") == ["Open", "Closed"]

    names.learn([status("sts-1", "Open"), status("sts-3", "Open")])
    assert names.all("status") == ["Closed", "Open"]


@pytest.mark.parametrize(
    ("misspelt", "near"),
    [
        pytest.param("Reslved", ["Resolved"], id="letter missing"),
        pytest.param("RESOLVE", ["Resolved"], id="another case"),
        pytest.param("in progres", ["In Progress"], id="spaces"),
        pytest.param("Resolved", ["Resolved"], id="spelt right"),
        pytest.param("Closed1", ["Closed"], id="letter too many"),
        pytest.param("Waiting for customer", [], id="another name"),
        pytest.param("", [], id="empty"),
    ],
)
def test_near_gives_the_names_that_a_slip_may_have_meant(misspelt: str, near: list[str]) -> None:
    """*Ours*: near enough for a slip of the pen, too far for another word."""
    names = learned(status("1", "Resolved"), status("2", "In Progress"), status("3", "Closed"))

    assert names.near("status", misspelt) == near


def test_near_gives_the_nearest_first_and_three_at_most() -> None:
    """*Ours*: an error names a few, not the whole desk."""
    names = learned(*(status(str(number), f"Level {number}") for number in range(9)))

    assert len(names.near("status", "Level 3x")) == 3
    assert names.near("status", "Level 3x")[0] == "Level 3"


def test_ten_thousand_of_a_kind_are_kept_and_the_oldest_is_forgotten() -> None:
    """*Ours*: a process that runs for months does not grow."""
    names = learned(*(status(f"id-{number}", f"Name {number}") for number in range(10_001)))

    assert names.find("status", "id-0") == names.find("status", "Name 0") == []
    assert names.find("status", "Name 1") == [status("id-1", "Name 1")]
    assert len(names.all("status")) == 10_000
    assert len(names._ids) == 10_000


def test_what_was_seen_again_is_not_the_oldest() -> None:
    """*Ours*: forgetting goes by the last sight of a thing, not by the first."""
    names = learned(*(status(f"id-{number}", f"Name {number}") for number in range(10_000)))
    names.learn([status("id-0", "Name 0"), status("more", "More")])

    assert names.find("status", "Name 0") == [status("id-0", "Name 0")]
    assert names.find("status", "Name 1") == []


def test_the_bound_of_one_kind_leaves_another_alone() -> None:
    """*Ours*: thousands of cases do not push out the few statuses."""
    names = learned(status("sts-1", "Open"))
    names.learn(LearnedName(kind="case", id=f"ci-{number}", name=f"CS{number}") for number in range(10_001))

    assert names.find("status", "Open") == [status("sts-1", "Open")]


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("In Progress", "inprogress"),
        ("in-progress", "inprogress"),
        ("IN_PROGRESS", "inprogress"),
        ("  In - _ Progress\n", "inprogress"),
        ("In\u00a0Progress", "inprogress"),
        ("Straße", "strasse"),
        ("ΤΈΛΟΣ", "τέλοσ"),
        ("In Bearbeitung!", "inbearbeitung!"),
        ("", ""),
    ],
)
def test_folding_drops_case_and_separators_alone(name: str, folded: str) -> None:
    """*Ours*: `in-progress` is `In Progress`; punctuation and letters tell names apart."""
    assert fold(name) == folded


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["Open", "open", "Closed", "On Hold", "on-hold"])))
)
def test_find_tells_exactly_what_was_learned_last(history: list[tuple[str, str]]) -> None:
    """*Ours*: after any history, ids hold their last name, and a name finds the ids that hold it now."""
    names = learned(*(status(*each) for each in history))
    now = dict(history)

    assert {each: names.find("status", each) for each in now} == {each: [status(each, now[each])] for each in now}
    for name in ("Open", "Closed", "On Hold"):
        holders = {status_id for status_id, held in now.items() if fold(held) == fold(name)}
        assert {each.id for each in names.find("status", name)} == holders
