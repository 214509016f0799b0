"""HTTP to one peer that has proved who it is: TLS with verification, no redirects, no cookies."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from oshirase.errors import UnsafeConnection

# X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL's x509_vfy.h, which Python does not name.
WRONG_NAME = {62, 64}
# X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
WRONG_TIME = {9, 10}


@dataclass(frozen=True)
class Trust:
    """Whom we take for the peer.

    `ca_file`: the authorities (PEM) that count instead of the machine's own. `allow_http`: no TLS at all, for an
    emulator on the same machine.
    """

    ca_file: str | None = None
    allow_http: bool = False


class Distrust(StrEnum):
    """Why the peer is not taken for whom it says it is."""

    UNTRUSTED = "certificate_untrusted"
    WRONG_NAME = "certificate_of_another"
    WRONG_TIME = "certificate_out_of_date"
    NO_TLS = "no_tls"


REASONS = {
    Distrust.UNTRUSTED: "no authority that we know has signed its certificate (ca_file of the connection names others)",
    Distrust.WRONG_NAME: "its certificate is for another host",
    Distrust.WRONG_TIME: "its certificate is not valid at this time",
    Distrust.NO_TLS: "it does not speak TLS",
}


class Transport:
    """The transport of requests without its session: no cookies, no redirects, nothing merged anew for every call.

    Safe to call from threads.
    """

    def __init__(self, base_url: str, trust: Trust, connections: int = 1) -> None:
        """Raises UnsafeConnection: the address asks for something that is not TLS, or the CA file is none."""
        check_address(base_url, trust)
        self._adapter = HTTPAdapter(pool_maxsize=connections, max_retries=0)
        # Proxies and certificates of the machine, looked up once.
        options = requests.Session().merge_environment_settings(base_url, {}, None, None, None)
        self._options: dict[str, Any] = {
            **options,
            **({"verify": check_ca_file(trust.ca_file)} if trust.ca_file else {}),
        }

    def close(self) -> None:
        """Give the connections back."""
        self._adapter.close()

    def send(self, request: requests.PreparedRequest, timeout: tuple[float, float]) -> requests.Response:
        """One request, its answer read to the end; a redirection is an answer like others. Raises RequestException."""
        response = self._adapter.send(request, timeout=timeout, **self._options)
        # Read here: an answer that breaks off is a lost one, and a connection is free only when its answer is read.
        _ = response.content
        return response


def check_address(url: str, trust: Trust) -> None:
    """Whether a token may be sent there.

    Raises:
        UnsafeConnection: says what to write instead; the address is not quoted, it may hold a password.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise UnsafeConnection("its address is no URL: write https://HOST/…") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise UnsafeConnection("its address is no URL: write https://HOST/…")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UnsafeConnection("its address holds more than protocol, host and path: write https://HOST/…")
    if parts.scheme == "http" and not trust.allow_http:
        raise UnsafeConnection(
            "its address begins with http: everybody on the way would read telephone numbers and the token. "
            'Write https://, or set "allow_http": true in its extra, for an emulator on this machine only'
        )


def check_ca_file(path: str) -> str:
    """The file, when certificates of authorities are in it.

    Raises:
        UnsafeConnection: it is not there, cannot be read or holds none.
    """
    try:
        found = ssl.create_default_context(cafile=path).get_ca_certs() if Path(path).is_file() else None
    except (OSError, ssl.SSLError):
        found = []
    if found is None:
        raise UnsafeConnection(f"its CA file {path} is not there")
    if not found:
        raise UnsafeConnection(f"its CA file {path} cannot be read, or holds no certificate of an authority (PEM)")
    return path


def distrust_of(error: BaseException) -> Distrust | None:
    """What was wrong with the peer's certificate; None when the handshake is not what failed.

    With one, it is sure that no request went out.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _of_verification(cause.verify_code)
        if isinstance(cause, ssl.SSLError) and cause.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
            return Distrust.NO_TLS
    return None


def _of_verification(code: int) -> Distrust:
    if code in WRONG_NAME:
        return Distrust.WRONG_NAME
    return Distrust.WRONG_TIME if code in WRONG_TIME else Distrust.UNTRUSTED


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and all that it was raised for: requests and urllib3 hand them on in different places."""
    while isinstance(error, BaseException):
        yield error
        handed_on = [one for one in (*error.args, getattr(error, "reason", None)) if isinstance(one, BaseException)]
        error = handed_on[0] if handed_on else error.__cause__ or error.__context__
