"""How people speak of Talkdesk's arguments: the plain name of each, and the question by which it is asked for."""

from collections.abc import Mapping
from typing import Final

from case_tools.adapter.tool import Dialog

LABELS: Final[Mapping[str, str]] = {"owner_id": "assignee"}
_LABELS: Final = {
    **LABELS,
    "requester_name": "requester",
    "requester_email": "e-mail",
    "group_id": "group",
    "parent_id": "parent case",
    "allow_duplicate": "a second equal one",
}

CREATE_CASE: Final = Dialog(
    labels=_LABELS,
    questions={
        "title": "What is it about, in a few words?",
        "description": "What happened?",
        "requester_name": "What is the customer's name?",
        "requester_email": "Which e-mail address should the case be opened for?",
        "priority": "How urgent is it: low, normal, high or urgent?",
    },
)
SEARCH: Final = Dialog(questions={"requester_email": "Which e-mail address was the case opened for?"})
UPDATE_CASE: Final = Dialog(
    labels=_LABELS,
    questions={
        "id": "Which case is it about? Its number, please.",
        "status": "Which status should it have: new, open, pending, on hold or resolved?",
        "priority": "Which priority should it have: low, normal, high or urgent?",
        "resolution": "How was it resolved?",
    },
    not_found="I could not find that case. What is its number?",
)
