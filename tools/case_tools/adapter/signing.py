"""Signing of tokens, for every vendor that wants one."""

from collections.abc import Mapping
from pathlib import Path

from case_tools.errors import ConfigurationError


def parsed_key(key: str, *, algorithm: str, setting: str) -> object:
    """Return a private key in the form in which it signs; parsing a large one takes a tenth of a second.

    Args:
        key: a private key as PEM.
        algorithm: e.g. `RS256`.
        setting: where the administrator set the key, for the error.

    Raises:
        ConfigurationError: the key does not fit the algorithm.
    """
    import jwt  # noqa: PLC0415 - 30 ms that a server which was not yet called does not owe

    try:
        parsed: object = jwt.get_algorithm_by_name(algorithm).prepare_key(key)
    except (jwt.PyJWTError, NotImplementedError, ValueError, TypeError, AttributeError):
        raise _unfit(algorithm, setting) from None
    return parsed


def text_of_file(path: Path | None, *, setting: str) -> str:
    """Return what the file of a private key holds; empty where there is no file.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig") if path else ""
    except (OSError, ValueError):
        raise ConfigurationError(
            "The private key cannot be read.", next_step=f"The administrator checks {setting}."
        ) from None


def signed(
    claims: Mapping[str, object], *, key: object, algorithm: str, setting: str, key_id: str | None = None
) -> str:
    """Return the claims as a signed JWT.

    Args:
        claims: what the token says; times as aware datetimes.
        key: a secret or a private key, best as `parsed_key` returns it.
        algorithm: e.g. `HS256`.
        setting: where the administrator set the key, for the error.
        key_id: the header `kid`.

    Raises:
        ConfigurationError: the key does not fit the algorithm.
    """
    import jwt  # noqa: PLC0415 - 30 ms that a server which was not yet called does not owe

    try:
        return jwt.encode(dict(claims), key, algorithm=algorithm, headers={"kid": key_id} if key_id else None)  # type: ignore[arg-type]  # any key that fits the algorithm
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):  # PyJWT lets a public key pass so far
        raise _unfit(algorithm, setting) from None


def _unfit(algorithm: str, setting: str) -> ConfigurationError:
    return ConfigurationError(
        f"The key in {setting} cannot sign with {algorithm}.",
        next_step=f"The administrator checks {setting} against the client that it belongs to.",
    )
