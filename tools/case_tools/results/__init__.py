"""What every desk answers, the same for every vendor: small, cleaned, in two forms with the same facts.

`data()` is the structure, `text()` the words. Fields that hold other people's words say so in the schema; in the
text they stand between two lines with a random part, which they cannot forge.
"""

from case_tools.results.facts import BUDGET, Result, moment
from case_tools.results.pages import CasePage, Page, TaskPage, rows_missed
from case_tools.results.records import ParsedRecord
from case_tools.results.rows import Row, Shown, TaskRow
from case_tools.results.written import OutcomeName, Written

__all__ = [
    "BUDGET",
    "CasePage",
    "OutcomeName",
    "Page",
    "ParsedRecord",
    "Result",
    "Row",
    "Shown",
    "TaskPage",
    "TaskRow",
    "Written",
    "moment",
    "rows_missed",
]
