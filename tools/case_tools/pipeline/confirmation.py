"""A person's yes to exactly one change: a sealed word that stands for it, good for ten minutes and for one use.

It holds a time, a random part and the digest of the preview that the person saw. What it is bound to (who calls,
the desk, the tool, the request key and the request that was built) is in the seal, and comes again with the call.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

from case_tools.errors import NotConfirmed

SECONDS: Final = 600.0
_FORM: Final = re.compile(
    r"c2\.(?P<issued>[0-9]{1,12})\.(?P<own>[0-9a-f]{32})\.(?P<preview>[0-9a-f]{64})\.(?P<seal>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A confirmation that was given for this change.

    Attributes:
        own: what tells it from every other.
        issued: when it was sealed, in seconds since 1970.
        preview: the digest of the preview that the person saw.
    """

    own: str
    issued: float
    preview: str


def sealed(key: bytes, change: str, *, own: str, now: float, preview: str) -> str:
    """Return the word that stands for a change.

    Args:
        key: the secret of all processes on one state.
        change: the digest of everything that it is bound to.
        own: 32 hexadecimal digits, new for each.
        now: seconds since 1970.
        preview: the digest of what the person sees, 64 hexadecimal digits.
    """
    body = f"c2.{int(now)}.{own}.{preview}"
    return f"{body}.{_seal(key, body, change)}"


def opened(key: bytes, change: str, given: str, *, now: float, tool: str) -> Confirmation:
    """Return the confirmation that a caller gave for this change.

    Raises:
        NotConfirmed: it is not one, was given for something else, or is too old.
    """
    parts = _FORM.fullmatch(given)
    body = given.rpartition(".")[0]
    if parts is None or not hmac.compare_digest(parts["seal"], _seal(key, body, change)):
        raise refused(f"The confirmation does not belong to this call of {tool}, which was not sent.")
    issued = float(parts["issued"])
    if not issued <= now + 1 <= issued + SECONDS:
        raise refused(f"The confirmation is older than ten minutes: {tool} was not sent.")
    return Confirmation(own=parts["own"], issued=issued, preview=parts["preview"])


def issued_at(given: str) -> float | None:
    """Return when a confirmation says that it was sealed, unchecked, in seconds since 1970."""
    parts = _FORM.fullmatch(given)
    return float(parts["issued"]) if parts else None


def refused(what: str) -> NotConfirmed:
    """Return the error for a confirmation that cannot be used."""
    return NotConfirmed(
        what,
        next_step="Call again without it, and ask the person anew.",
        say="That yes is no longer good for this. Shall I show you once more what I would do?",
    )


def _seal(key: bytes, body: str, change: str) -> str:
    return hmac.new(key, f"{body} {change}".encode(), hashlib.sha256).hexdigest()
