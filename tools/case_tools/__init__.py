"""Case actions for bots and assistants: open, update and find cases in the case system you have.

`CaseDesk` is the way in; `Settings` says which desk; every error is a `CaseError`.
"""

from case_tools.desk import CaseDesk
from case_tools.errors import (
    Ambiguous,
    Busy,
    CallerError,
    CaseError,
    Closed,
    ConfigurationError,
    ConfirmationNeeded,
    Conflict,
    CredentialsRefused,
    MissingScope,
    NotApplied,
    NotConfirmed,
    NotDone,
    NotFound,
    OperatorError,
    Problem,
    RateLimited,
    Rejected,
    StateBusy,
    StateError,
    StateUnusable,
    TransientError,
    Unavailable,
    UnexpectedAnswer,
)
from case_tools.pipeline.preview import Preview
from case_tools.results import CasePage, Result, Row, TaskPage, TaskRow, Written
from case_tools.settings import KoreSettings, Settings, TalkdeskSettings
from case_tools.transport.call import Effort

__all__ = [
    "Ambiguous",
    "Busy",
    "CallerError",
    "CaseDesk",
    "CaseError",
    "CasePage",
    "Closed",
    "ConfigurationError",
    "ConfirmationNeeded",
    "Conflict",
    "CredentialsRefused",
    "Effort",
    "KoreSettings",
    "MissingScope",
    "NotApplied",
    "NotConfirmed",
    "NotDone",
    "NotFound",
    "OperatorError",
    "Preview",
    "Problem",
    "RateLimited",
    "Rejected",
    "Result",
    "Row",
    "Settings",
    "StateBusy",
    "StateError",
    "StateUnusable",
    "TalkdeskSettings",
    "TaskPage",
    "TaskRow",
    "TransientError",
    "Unavailable",
    "UnexpectedAnswer",
    "Written",
]
