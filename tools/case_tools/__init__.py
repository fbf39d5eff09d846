"""Case actions for bots and assistants: open, update and find cases in the case system you have.

`CaseDesk` is the way in; `Settings` says which desk; every error is a `CaseError`.
"""

from case_tools.desk import CaseDesk, Effort
from case_tools.errors import (
    CallerError,
    CaseError,
    ConfigurationError,
    CredentialsRefused,
    MissingScope,
    NotApplied,
    NotFound,
    OperatorError,
    Problem,
    RateLimited,
    Rejected,
    TimeError,
    Unavailable,
    UnexpectedAnswer,
)
from case_tools.results import CasePage, Result, Row, TaskPage, TaskRow, Written
from case_tools.settings import KoreSettings, Settings, TalkdeskSettings

__all__ = [
    "CallerError",
    "CaseDesk",
    "CaseError",
    "CasePage",
    "ConfigurationError",
    "CredentialsRefused",
    "Effort",
    "KoreSettings",
    "MissingScope",
    "NotApplied",
    "NotFound",
    "OperatorError",
    "Problem",
    "RateLimited",
    "Rejected",
    "Result",
    "Row",
    "Settings",
    "TalkdeskSettings",
    "TaskPage",
    "TaskRow",
    "TimeError",
    "Unavailable",
    "UnexpectedAnswer",
    "Written",
]
