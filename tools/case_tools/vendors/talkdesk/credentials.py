"""What earns an access token: OAuth client credentials, with a secret or with a signed assertion.

Documented: tokens are good for ten minutes; an assertion has `iss` and `sub` the client's id, `aud` the token
address, five minutes of life, and the key's id as `kid`. ES256 is what the vendor's samples use.
"""

import base64
import textwrap
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from case_tools.adapter.messages import Operation, Request, Response, Token
from case_tools.adapter.parsing import error_of, is_success, mapping_of, payload_of, text_of, unreadable
from case_tools.adapter.signing import signed
from case_tools.errors import CaseError, ConfigurationError, CredentialsRefused, MissingScope
from case_tools.settings import TalkdeskSettings

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHM: Final = "ES256"
_OPERATION: Final = Operation(tool="the request for a token")
_LIFE: Final = timedelta(minutes=5)
_USUAL_LIFE: Final = 600.0
_LONGEST_LIFE: Final = 86_400.0
_SCOPE_REFUSALS: Final = frozenset({"invalid_scope", "unauthorized_client", "access_denied"})
_ADVICE: Final = (
    "The administrator checks TALKDESK_CLIENT_ID and its secret or key, TALKDESK_ACCOUNT and TALKDESK_REGION, "
    "that the OAuth client has the grant client_credentials and both scopes (a new scope takes a few minutes), "
    "and this machine's clock."
)
_HOST_ADVICE: Final = (
    "The administrator checks TALKDESK_ACCOUNT and TALKDESK_REGION, or TALKDESK_TOKEN_URL: they lead to the token "
    "host."
)
_SCOPE_ADVICE: Final = (
    "The administrator gives the OAuth client the scopes cases-public:read and cases-public:write in "
    "Builder > OAuth Clients; a new scope takes a few minutes."
)


def token_request(account: TalkdeskSettings, *, scope: str, key: object, now: datetime, nonce: str) -> Request:
    """Return the request for a token of one scope; `key` is the private key, parsed, where there is no secret."""
    form = {"grant_type": "client_credentials", "scope": scope}
    headers: Mapping[str, str] = {}
    if account.client_secret is not None:
        pair = f"{account.client_id}:{account.client_secret.get_secret_value()}"
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    else:
        form |= {
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": _assertion(account, key=key, now=now, nonce=nonce),
        }
    return Request(method="POST", template="/oauth/token", form=form, headers=headers, url=account.token_origin)


def _assertion(account: TalkdeskSettings, *, key: object, now: datetime, nonce: str) -> str:
    claims = {
        "iss": account.client_id,
        "sub": account.client_id,
        "aud": account.audience,
        "iat": now,
        "exp": now + _LIFE,
        "jti": nonce,
    }
    return signed(
        claims, key=key, algorithm=ASSERTION_ALGORITHM, setting="TALKDESK_PRIVATE_KEY_FILE", key_id=account.key_id
    )


def as_pem(key: str) -> str:
    """Return the key as PEM; the vendor hands it out as bare Base64 of its PKCS#8 form."""
    if "-----BEGIN" in key:
        return key
    body = "\n".join(textwrap.wrap("".join(key.split()), 64))
    return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"


def parse_token(response: Response) -> Token:
    """Return the token of a response.

    Raises:
        CredentialsRefused: the client is not known, or its secret or key is wrong.
        MissingScope: the client may not have the scope.
        CaseError: the token host failed, or answered something unreadable.
    """
    payload = mapping_of(payload_of(response))
    if not is_success(response.status):
        raise _refused(response, text_of(payload.get("error")))
    value, given = text_of(payload.get("access_token")), payload.get("expires_in")
    if not value or not value.isascii() or not value.isprintable():
        raise unreadable(_OPERATION)
    return Token(value=value, seconds=_life(given))


def _life(given: object) -> float:
    """Return the seconds that a token is good for; the documented ones where the response is absurd."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        return _USUAL_LIFE
    return float(given) if 0 < given < _LONGEST_LIFE else _USUAL_LIFE


def _refused(response: Response, error: str) -> CaseError:
    if error in _SCOPE_REFUSALS:
        return MissingScope("The OAuth client may not have the scope that this needs.", next_step=_SCOPE_ADVICE)
    if response.status in {400, 401, 403}:
        return CredentialsRefused("The token host does not accept the client.", next_step=_ADVICE)
    if response.status < HTTPStatus.INTERNAL_SERVER_ERROR and response.status != HTTPStatus.TOO_MANY_REQUESTS:
        return ConfigurationError(
            f"The token host does not serve requests for tokens (HTTP {response.status}).", next_step=_HOST_ADVICE
        )
    return error_of(response, _OPERATION, host_advice=_HOST_ADVICE)
