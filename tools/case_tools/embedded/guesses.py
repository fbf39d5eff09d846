"""What the vendors' pages leave open, as one desk answers it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Guesses:
    """One answer to each open question; the defaults are the likelier ones.

    Args:
        lists: whether a list in an update is added to the one at the desk or put in its place. Unset: Kore's
            lists are replaced, Talkdesk's notes and custom fields are added, as each vendor's samples suggest.
        search_lag: for how many seconds a search shows what was before a write; reading one case does not lag.
        references: whether Kore's ``searchText`` finds references too; the page names titles alone.
    """

    lists: Literal["merged", "replaced"] | None = None
    search_lag: float = 0.0
    references: bool = True
