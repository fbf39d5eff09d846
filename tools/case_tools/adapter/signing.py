"""Signing of tokens, for every vendor that wants one."""

from collections.abc import Mapping

from case_tools.errors import ConfigurationError


def signed(
    claims: Mapping[str, object], *, key: str, algorithm: str, setting: str, key_id: str | None = None
) -> str:
    """Return the claims as a signed JWT.

    Args:
        claims: what the token says; times as aware datetimes.
        key: a secret, or a private key as PEM.
        algorithm: e.g. `HS256`.
        setting: where the administrator set the key, for the error.
        key_id: the header `kid`.

    Raises:
        ConfigurationError: the key does not fit the algorithm.
    """
    import jwt  # noqa: PLC0415 - 30 ms that a server which was not yet called does not owe

    try:
        return jwt.encode(dict(claims), key, algorithm=algorithm, headers={"kid": key_id} if key_id else None)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):  # PyJWT lets a public key pass so far
        raise ConfigurationError(
            f"The key in {setting} cannot sign with {algorithm}.",
            next_step=f"The administrator checks {setting} against the client that it belongs to.",
        ) from None
