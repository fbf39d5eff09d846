"""What stands between this machine and the desk: failed TLS, proxies, pages that are not the desk's."""

import ssl
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from case_tools.adapter.messages import Response
from case_tools.errors import CaseError, ConfigurationError, Unavailable
from case_tools.transport.proxies import Proxy
from case_tools.transport.trust import CA_SETTING

_EXPIRED, _NOT_YET_VALID = 10, 9
_UNKNOWN_ISSUER: Final = frozenset({2, 18, 19, 20, 21})
_OTHER_NAME: Final = frozenset({62, 63, 64})
"""OpenSSL's numbers of what is wrong with a certificate (`X509_V_ERR_...`)."""

_NOT_TLS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"}
)
_LEFT_TO_THE_VENDOR: Final = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.TOO_MANY_REQUESTS}
)
"""Statuses whose meaning does not depend on who answered: another host, or too many requests."""

_PASSING: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


def tls_error(fault: BaseException, *, host: str) -> ConfigurationError | None:
    """Return what is wrong with TLS where that is why there is no connection; nothing was sent then."""
    for each in _causes(fault):
        if isinstance(each, ssl.SSLCertVerificationError):
            return _certificate_error(each.verify_code, host)
        if isinstance(each, ssl.SSLError) and each.reason in _NOT_TLS:
            return ConfigurationError(
                f"{host} does not speak TLS at this port.",
                next_step="The administrator checks the desk's host and port, and what stands in between: it "
                "answered plain HTTP where https is expected.",
            )
        if isinstance(each, ssl.SSLError) and not isinstance(each, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return ConfigurationError(
                f"No TLS connection to {host} can be agreed on ({each.reason or 'SSL error'}).",
                next_step="The administrator checks the desk's host and port, and what stands in between.",
            )
    return None


def _causes(fault: BaseException | None) -> Iterator[BaseException]:
    while fault is not None:
        yield fault
        fault = fault.__cause__ or fault.__context__


def _certificate_error(code: int, host: str) -> ConfigurationError:
    if code in _UNKNOWN_ISSUER:
        return ConfigurationError(
            f"The certificate of {host} is signed by an authority that this machine does not trust.",
            next_step=f"The administrator sets {CA_SETTING} to a file with that authority's certificate, where a "
            "company's own authority or a proxy signs.",
        )
    if code in _OTHER_NAME:
        return ConfigurationError(
            f"The certificate that {host} shows is for another name.",
            next_step="The administrator checks the desk's host in the settings, and what stands in between.",
        )
    if code == _EXPIRED:
        return ConfigurationError(
            f"The certificate of {host} has expired.",
            next_step="The administrator checks this machine's clock; if it is right, whoever runs that host "
            "renews the certificate.",
        )
    if code == _NOT_YET_VALID:
        return ConfigurationError(
            f"The certificate of {host} is not valid yet.",
            next_step="The administrator checks this machine's clock.",
        )
    return ConfigurationError(
        f"The certificate of {host} is not accepted (X.509 error {code}).",
        next_step="The administrator checks the desk's host in the settings, and what stands in between.",
    )


def proxy_refusal(status: int, *, host: str, proxy: Proxy | None) -> CaseError:
    """Return the error for a proxy that did not pass a request on."""
    name = "A proxy" if proxy is None else f"The proxy in {proxy.variable}"
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        variable = "HTTPS_PROXY" if proxy is None else proxy.variable
        return ConfigurationError(
            f"{name} wants a login (HTTP 407).",
            next_step=f"The administrator puts user and password into {variable} "
            "(http://user:password@host:port), or lists the desk's host in NO_PROXY.",
        )
    if status in _PASSING:
        return Unavailable(
            f"{name} could not reach {host} (HTTP {status}).",
            next_step="Try again in a minute; if it stays so, the administrator checks the proxy.",
        )
    return ConfigurationError(
        f"{name} does not let this machine reach {host} (HTTP {status}).",
        next_step="The administrator has the proxy allow that host, or lists it in NO_PROXY.",
    )


def foreign_page(response: Response, *, tool: str, reads: bool) -> CaseError | None:
    """Return the error where an HTML page answered: a case system's interface answers JSON alone.

    A redirect, 404, 405 and 429 mean the same whoever answered, and are left to the vendor.
    """
    status = response.status
    redirects = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    if redirects or status in _LEFT_TO_THE_VENDOR or not _is_page(response):
        return None
    what = f"Something between here and the desk answered {tool} with a web page (HTTP {status}), not the desk."
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        look = "Try again in a minute" if reads else "Look with a search whether it was done before you repeat it"
        return Unavailable(
            what,
            changed="nothing" if reads else "unknown",
            next_step=f"{look}; if it stays so, the administrator checks proxy, firewall and gateway.",
        )
    passed_on = not reads and status < HTTPStatus.BAD_REQUEST
    look = "Look with a search whether it was done before you repeat it. " if passed_on else ""
    return ConfigurationError(
        what,
        changed="unknown" if passed_on else "nothing",
        next_step=f"{look}The administrator checks proxy, firewall and sign-in page, and the desk's host in the "
        "settings.",
    )


def _is_page(response: Response) -> bool:
    start = response.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    kind = response.headers.get("content-type", "").lower()
    return start == b"<" or (start not in {b"", b"{", b"["} and "html" in kind)
