"""Talkdesk's token endpoint (pages "cc-basic" and "cc-jwt"), and the check of what it gave out."""

import base64
import math
import secrets
from collections.abc import Iterable, Mapping
from hmac import compare_digest
from urllib.parse import parse_qsl

import jwt

from case_tools.embedded.bodies import storable
from case_tools.embedded.http import RequestHead, WireResponse
from case_tools.embedded.keyring import TalkdeskClient, digest
from case_tools.embedded.refusals import RefusedError
from case_tools.embedded.store import DeskStore

READ, WRITE = SCOPES = ("cases-public:read", "cases-public:write")
ACCESS_SECONDS = 600

_ALGORITHM = "ES256"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 5 * 60
_SLACK_SECONDS = 60
_DEFAULT_AUDIENCE = "https://practice.talkdeskid.com/oauth/token"
_NO_STORE = {"cache-control": "no-store"}


def add_client(
    store: DeskStore,
    *,
    client_id: str,
    secret: str = "",
    scopes: Iterable[str] = SCOPES,
    public_key: str = "",
    key_id: str = "",
) -> None:
    """Register a client of this dialect, with a secret, or an EC public key (PEM) and its id, or both.

    Raises:
        ValueError: there is neither secret nor key, the key has no id, or it is none for ES256.

    """
    if not (secret or public_key):
        raise ValueError(f"client {client_id!r} has neither a secret nor a public key")
    if public_key:
        if not key_id:
            raise ValueError(f"the key of client {client_id!r} has no id")
        try:
            jwt.get_algorithm_by_name(_ALGORITHM).prepare_key(public_key)
        except (jwt.InvalidKeyError, ValueError) as error:
            raise ValueError(f"the key of client {client_id!r} does not fit {_ALGORITHM}: {error}") from error
    client = TalkdeskClient(client_id, digest(secret) if secret else "", public_key, key_id, tuple(scopes))
    store.keys.add_client(client)


def issue(store: DeskStore, head: RequestHead, raw: bytes, *, now: float) -> WireResponse:
    """Answer a request for an access token.

    Raises:
        RefusedError: the request is malformed, its client is not genuine, or a scope is not granted.

    """
    form = _form(raw)
    grant = form.get("grant_type", "")
    if not grant:
        raise RefusedError(400, "grant_type is missing", code="invalid_request")
    if grant != "client_credentials":
        raise RefusedError(400, "grant_type must be client_credentials", code="unsupported_grant_type")
    client = _genuine(store, head, form, now=now)
    asked = frozenset(form.get("scope", "").split()) or frozenset(client.scopes)
    if asked - set(client.scopes):
        raise RefusedError(400, "a scope is not granted to this client", code="invalid_scope")
    scopes = tuple(scope for scope in client.scopes if scope in asked)
    token = secrets.token_urlsafe(48)
    store.keys.keep_access(token, scopes, expires=now + ACCESS_SECONDS, now=now)
    answer = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
        "scope": " ".join(scopes),
    }
    return WireResponse(200, answer, _NO_STORE)


def check(store: DeskStore, head: RequestHead, scope: str, *, now: float) -> None:
    """Check that the request has an access token for the scope.

    Raises:
        RefusedError: 401 if there is none or it is not valid, 403 if it lacks the scope.

    """
    scheme, _, token = head.headers.get("authorization", "").partition(" ")
    granted = store.keys.access(token, now=now) if scheme.casefold() == "bearer" else None
    if granted is None:
        message = "The access token is missing, unknown or expired"
        raise RefusedError(401, message, headers={"www-authenticate": "Bearer"})
    if scope not in granted:
        raise RefusedError(403, f"The access token lacks the scope {scope}")


def _form(raw: bytes) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True)
    except ValueError:
        raise RefusedError(400, "the body is no form", code="invalid_request") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise RefusedError(400, "a parameter is given twice", code="invalid_request")
    return form


def _genuine(store: DeskStore, head: RequestHead, form: Mapping[str, str], *, now: float) -> TalkdeskClient:
    basic, assertion = head.headers.get("authorization", ""), form.get("client_assertion", "")
    if basic and assertion:
        raise RefusedError(400, "the client authenticates in two ways", code="invalid_request")
    if not assertion:
        return _by_secret(store, basic)
    if form.get("client_assertion_type") != _ASSERTION_TYPE:
        raise RefusedError(400, f"client_assertion_type must be {_ASSERTION_TYPE}", code="invalid_request")
    return _by_assertion(store, assertion, audience=[head.address, _DEFAULT_AUDIENCE], now=now)


def _by_secret(store: DeskStore, authorization: str) -> TalkdeskClient:
    scheme, _, encoded = authorization.partition(" ")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise _refused() from None
    client = _client(store, client_id)
    if scheme.casefold() != "basic" or client is None or not compare_digest(client.secret, digest(secret)):
        raise _refused()
    return client


def _by_assertion(store: DeskStore, assertion: str, *, audience: list[str], now: float) -> TalkdeskClient:
    try:
        header = jwt.get_unverified_header(assertion)
        claimed = storable(jwt.decode(assertion, options={"verify_signature": False}).get("iss"))
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise _refused() from None
    client = _client(store, claimed)
    if client is None or not client.public_key or header.get("kid") != client.key_id:
        raise _refused()
    # The clock of the assertion is the caller's, not PyJWT's.
    options: jwt.types.Options = {
        "require": ["exp", "jti", "sub"],
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
    }
    try:
        claims = jwt.decode(
            assertion, client.public_key, algorithms=[_ALGORITHM], audience=audience, options=options
        )
    except (jwt.PyJWTError, TypeError, ValueError):
        raise _refused() from None
    expires, jti = claims["exp"], storable(claims["jti"])
    timely = isinstance(expires, int | float) and now < expires <= now + _ASSERTION_SECONDS + _SLACK_SECONDS
    if not timely or not jti or claims["sub"] != client.client_id:
        raise _refused()
    if not store.keys.first_use(client.client_id, jti, expires=math.ceil(expires), now=now):
        raise _refused()
    return client


def _client(store: DeskStore, client_id: str) -> TalkdeskClient | None:
    """Return the registered client; the desk's own account is one without being registered."""
    account = store.account
    if client_id == account.client_id:
        return TalkdeskClient(client_id, digest(account.client_secret), "", "", SCOPES)
    return store.keys.client(client_id)


def _refused() -> RefusedError:
    return RefusedError(
        401,
        "the client is unknown or its credentials are not genuine",
        code="invalid_client",
        headers={"www-authenticate": 'Basic realm="practice desk"'},
    )
