"""How people speak of Kore's arguments: the plain name of each, and the question by which it is asked for."""

from collections.abc import Mapping
from typing import Final, Literal

from case_tools.adapter.tool import Dialog

LABELS: Final[Mapping[str, str]] = {
    "name": "title",
    "desc": "description",
    "userInfo": "requester",
    "currAssignee": "assignee",
    "dueDate": "due",
}
_LABELS: Final = {
    **LABELS,
    "emailId": "e-mail",
    "phoneNumber": "phone",
    "caseTmp": "case template",
    "taskTmp": "task template",
    "caseId": "case",
    "resolutionCmts": "how it was resolved",
    "allow_duplicate": "a second equal one",
}
_STATUS: Final = {
    "status": "Which status should it have?",
    "priority": "Which priority should it have?",
    "dueDate": "When should it be done?",
    "currAssignee": "Who should take care of it?",
    "queues": "Which queue should it go to?",
    "resolutionCmts": "How was it resolved?",
}

CREATE_CASE: Final = Dialog(
    labels=_LABELS,
    questions={
        "name": "What is it about, in a few words?",
        "desc": "What happened?",
        "userInfo": "What is the customer's name?",
        "emailId": "Which e-mail address should the case be opened for?",
        "phoneNumber": "Which phone number should the case be opened for?",
        "dueDate": "When should it be done?",
        "caseTmp": "Which case template should be used?",
        "source": "Where does the case come from?",
    },
)
SEARCH: Final = Dialog(questions={"searchText": "Which reference, or words of the title, should I look for?"})
CREATE_TASK: Final = Dialog(
    labels=_LABELS,
    questions={
        "caseId": "Which case is the task for? Its reference, please.",
        "name": "What is to be done, in a few words?",
        "userInfo": "What is the customer's name, and their e-mail address or phone number?",
        "taskTmp": "Which task template should be used?",
        "source": "Where does the task come from?",
    },
    not_found="I could not find that case. What is its reference?",
)


def of_updates(kind: Literal["case", "task"]) -> Dialog:
    """Return how people speak of an update of a case or of a task."""
    return Dialog(
        labels=_LABELS,
        questions={f"{kind}Id": f"Which {kind} is it about? Its reference, please.", **_STATUS},
        not_found=f"I could not find that {kind}. What is its reference?",
    )
