"""Verification of the token in Kore's ``auth`` header, as the vendor's pages and tests describe it.

The algorithm belongs to the registered app; what the token's own header says is never believed.
"""

import time
import warnings
from collections.abc import Iterable

import jwt

from case_tools.embedded.bodies import storable
from case_tools.embedded.keyring import SCOPE, KoreApp
from case_tools.embedded.records import Json
from case_tools.embedded.refusals import RefusedError
from case_tools.embedded.store import DeskStore

ALGORITHMS = ("HS256", "HS512", "RS256", "RS512")

_LONGEST_WITH_JTI = 3600
_TOKEN_CODE = 4002


def add_app(
    store: DeskStore,
    *,
    client_id: str,
    secret: str = "",
    scopes: Iterable[str] = (SCOPE,),
    algorithm: str = "HS256",
    public_key: str = "",
) -> None:
    """Register a client of this dialect, with a public key (PEM) for RS256 and RS512 instead of a secret.

    Raises:
        ValueError: the algorithm is unknown, or the key does not fit it.

    """
    app = KoreApp(client_id, algorithm, public_key or secret, tuple(scopes))
    if app.algorithm not in ALGORITHMS:
        raise ValueError(f"algorithm {app.algorithm!r} is none of {', '.join(ALGORITHMS)}")
    try:
        jwt.get_algorithm_by_name(app.algorithm).prepare_key(app.secret)
    except (jwt.InvalidKeyError, ValueError) as error:
        raise ValueError(f"the key of app {app.client_id!r} does not fit {app.algorithm}: {error}") from error
    store.keys.add_app(app)


def subject(store: DeskStore, token: str) -> str:
    """Check the token and return its ``sub``, or an empty text if it has none.

    Raises:
        RefusedError: the token is missing, damaged, not genuine, out of date, used before, or its app
            lacks the scope.

    """
    if not token:
        raise _not_genuine()
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        client_id = storable(claims.get("appId"))
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise _not_valid() from None
    app = store.keys.app(client_id)
    if app is None:
        raise _not_genuine()
    claims = _genuine(app, token)
    if "jti" in claims:
        _check_single_use(store, app, claims)
    if SCOPE not in app.scopes:
        raise RefusedError(401, "Permission denied. Scope is incorrect!", code=_TOKEN_CODE)
    return storable(claims.get("sub"))


def _genuine(app: KoreApp, token: str) -> Json:
    options: jwt.types.Options = {"verify_aud": False}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return jwt.decode(token, app.secret, algorithms=[app.algorithm], options=options)
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
        raise _not_genuine() from None
    except (jwt.PyJWTError, TypeError, ValueError, OverflowError):
        raise _not_valid() from None


def _check_single_use(store: DeskStore, app: KoreApp, claims: Json) -> None:
    now = time.time()
    expires = int(claims.get("exp", now + _LONGEST_WITH_JTI + 1))
    if expires > now + _LONGEST_WITH_JTI:
        raise RefusedError(401, 'error verifying the jwt: if "jti" claim "exp" must be <= 1 hour(s)')
    jti = storable(claims["jti"])
    if not store.keys.first_use(app.client_id, jti, expires=expires, now=now):
        raise RefusedError(401, "error verifying the jwt: possibly a replay")


def _not_genuine() -> RefusedError:
    return RefusedError(401, "Invalid SDK credentials", code=_TOKEN_CODE)


def _not_valid() -> RefusedError:
    return RefusedError(401, "Invalid JWT token", code=_TOKEN_CODE)
