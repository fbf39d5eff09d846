"""The invented accounts: the environment of a server that is led to a port of this machine."""

from collections.abc import Mapping
from typing import Final

from faults.desk import Dialect, Vendor
from faults.kinds import TIMEOUT, Kind
from faults.kore import ACCOUNT_ID, STREAM_ID, Kore
from faults.talkdesk import Talkdesk
from loopback import SECRET
from served import environment

_ACCOUNTS: Final[Mapping[Vendor, Mapping[str, str]]] = {
    "kore": {
        "KORE_STREAM_ID": STREAM_ID,
        "KORE_ACCOUNT_ID": ACCOUNT_ID,
        "KORE_CLIENT_ID": "cs-00000000-0000-4000-8000-000000000001",
        "KORE_CLIENT_SECRET": SECRET,
        "KORE_CASE_TEMPLATE": "ctm-00000000-0000-4000-8000-000000000001",
        "KORE_SOURCE": "rtm",
    },
    "talkdesk": {"TALKDESK_CLIENT_ID": "an-invented-client", "TALKDESK_CLIENT_SECRET": SECRET},
}
_ADDRESSES: Final[Mapping[Vendor, tuple[str, ...]]] = {
    "kore": ("KORE_HOST",),
    "talkdesk": ("TALKDESK_API_URL", "TALKDESK_TOKEN_URL"),
}


def settings(vendor: Vendor, state: Mapping[str, str], host: str) -> Mapping[str, str]:
    """Return the environment of a server."""
    behaviour = {
        "CASE_MCP_TIMEOUT": str(TIMEOUT),
        "CASE_MCP_RATE": "0",
    }
    return environment(**behaviour, **state, **_ACCOUNTS[vendor], **dict.fromkeys(_ADDRESSES[vendor], host))


def dialect(vendor: Vendor, kind: Kind) -> Dialect:
    """Return the dialect that the desk speaks."""
    return Kore() if vendor == "kore" else Talkdesk(shows_notes=kind.shows_notes)
