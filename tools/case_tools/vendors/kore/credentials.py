"""The token of one HTTP attempt.

Documented: header `auth` with the bare token, claim `appId`, a signing algorithm chosen for the JWT app; a
token with `jti` may live one hour at most and may not be used twice. So a token is minted for each attempt.
"""

from datetime import datetime, timedelta
from typing import Final

from case_tools.adapter.signing import signed

_CLOCK_SLACK: Final = timedelta(seconds=30)
_LIFE: Final = timedelta(minutes=5)


def mint(*, client_id: str, key: object, algorithm: str, now: datetime, nonce: str) -> str:
    """Return a signed token; `key` is the app's secret or its private key, parsed."""
    claims = {
        "appId": client_id,
        "sub": client_id,
        "iat": now - _CLOCK_SLACK,
        "exp": now + _LIFE,
        "jti": nonce,
    }
    setting = "KORE_CLIENT_SECRET" if algorithm.startswith("HS") else "KORE_PRIVATE_KEY_FILE"
    return signed(claims, key=key, algorithm=algorithm, setting=setting)
