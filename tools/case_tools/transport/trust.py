"""Which certificate authorities are trusted, from the environment and `CASE_MCP_CA_FILE`; knows no HTTP client."""

import os
import re
import ssl
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from case_tools.errors import ConfigurationError

CA_SETTING: Final = "CASE_MCP_CA_FILE"
_FILE: Final = "SSL_CERT_FILE"
_FOLDER: Final = "SSL_CERT_DIR"
_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----")
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+")
_LARGEST: Final = 32 * 1024 * 1024


def trust_store(environment: Mapping[str, str], ca_file: Path | None) -> ssl.SSLContext:
    """Return what verifies a desk's certificate; read once for the same variables, as it takes some milliseconds.

    `SSL_CERT_FILE`, else `SSL_CERT_DIR`, replaces the built-in list, as for httpx and OpenSSL; `CASE_MCP_CA_FILE`
    is added to whichever is used.

    Raises:
        ConfigurationError: naming the variable that leads to no certificates.
    """
    return _trust_store(environment.get(_FILE, ""), environment.get(_FOLDER, ""), ca_file)


def check_trust_store(environment: Mapping[str, str], ca_file: Path | None) -> None:
    """Read what the variables name, where any is set.

    Raises:
        ConfigurationError: naming the variable that leads to no certificates.
    """
    if ca_file is not None or names_a_trust_store(environment):
        trust_store(environment, ca_file)


def names_a_trust_store(environment: Mapping[str, str]) -> bool:
    """Tell whether a variable replaces the built-in list of authorities."""
    return bool(environment.get(_FILE) or environment.get(_FOLDER))


@lru_cache(maxsize=8)
def _trust_store(file: str, folder: str, ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if file:
        context.load_verify_locations(cadata=_certificates(Path(file), setting=_FILE))
    elif folder:
        context.load_verify_locations(capath=_hashed_folders(folder))
    else:
        import certifi  # noqa: PLC0415 - needed with the first request, and not where a variable is set

        context.load_verify_locations(cafile=certifi.where())
    if ca_file is not None:
        context.load_verify_locations(cadata=_certificates(ca_file.expanduser(), setting=CA_SETTING))
    return context


def _certificates(file: Path, *, setting: str) -> str:
    """Return the certificates of a PEM file; a byte order mark and what stands between them are left out."""
    try:
        if not file.exists():
            raise _unusable(setting, "names a file that does not exist")
        if file.is_dir():
            raise _unusable(setting, "names a folder where a file of certificates belongs")
        with file.open("rb") as stream:
            content = stream.read(_LARGEST)
    except (OSError, ValueError):
        raise _unusable(setting, "names a file that cannot be read") from None
    if not content.strip():
        raise _unusable(setting, "names a file that is empty")
    found = _CERTIFICATE.findall(_text_of(content))
    if not found:
        raise _unusable(setting, "names a file without a certificate in PEM form")
    certificates = "\n".join(found)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates)
    except (ssl.SSLError, ValueError):
        raise _unusable(setting, "names a file with a damaged certificate") from None
    return certificates


def _text_of(content: bytes) -> str:
    """Return the text, in the encodings that editors write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    return content.decode("ascii", errors="ignore")


def _hashed_folders(folders: str) -> str:
    """Return the folders, of which at least one holds a certificate under the name that OpenSSL looks for."""
    parts = [Path(each) for each in folders.split(os.pathsep) if each]
    if not any(each.is_dir() for each in parts):
        raise _unusable(_FOLDER, "names a file" if any(p.exists() for p in parts) else "names a missing folder")
    hashed = [each for part in parts for each in _hashed(part)]
    if not hashed:
        raise _unusable(
            _FOLDER, "names a folder without certificates under their hashed names (`openssl rehash` makes them)"
        )
    for each in hashed:
        try:
            _certificates(each, setting=_FOLDER)
        except ConfigurationError:
            continue
        return folders
    raise _unusable(_FOLDER, "names a folder without a certificate that can be read")


def _hashed(folder: Path) -> Iterator[Path]:
    try:
        yield from (each for each in folder.iterdir() if _HASHED.fullmatch(each.name))
    except OSError:
        return


def _unusable(setting: str, reason: str) -> ConfigurationError:
    usual = (
        "Correct it" if setting == CA_SETTING else f"Correct or unset it, or use {CA_SETTING} to add an authority"
    )
    return ConfigurationError(f"{setting} {reason}.", next_step=f"{usual}, then start again.")
