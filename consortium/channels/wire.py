"""One POST to an address that somebody else chose: vetted, bounded in time, never redirected (against SSRF)."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

GONE = 410


class Undelivered(Exception):
    """A delivery was not taken; `reason` is a code that quotes nothing of the answer; `final`: another try is idle."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.final = reason, final


def usable(url: str) -> SplitResult | None:
    """The parts of an address that may be posted to, or nothing: https (in development also http), a host, a sound
    port, no credentials, no control or non-ASCII characters."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    schemes = {"https"} if settings.PRODUCTION else {"https", "http"}
    sound = url.isascii() and url.isprintable() and " " not in url and port != 0
    return parts if sound and parts.scheme in schemes and parts.hostname and "@" not in parts.netloc else None


def allowed(address: str) -> bool:
    """Whether an IP address may be spoken to: public, or in one of the networks that the operator named."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return (ip.is_global and not ip.is_multicast) or any(ip in network for network in settings.INTRANETS)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Send the body as JSON; Undelivered unless the answer is 2xx within the time for one attempt."""
    parts = usable(url)
    if parts is None or parts.hostname is None:
        raise Undelivered("ADDRESS_NOT_ALLOWED", final=True)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with _connected(parts.hostname, port, tls=parts.scheme == "https") as line:
            line.request("POST", target, body, {"Content-Type": "application/json", "User-Agent": "Refnet", **headers})
            status = line.getresponse().status
    except TimeoutError as error:
        raise Undelivered("TIMEOUT") from error
    except ssl.SSLError as error:
        raise Undelivered("TLS") from error
    except ConnectionRefusedError as error:
        raise Undelivered("CONNECTION_REFUSED") from error
    except socket.gaierror as error:
        raise Undelivered("UNKNOWN_HOST") from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise Undelivered("CONNECTION_LOST") from error
    if not 200 <= status < 300:
        raise Undelivered(f"HTTP_{status}", final=status == GONE)


@contextmanager
def _connected(host: str, port: int, *, tls: bool) -> Iterator[http.client.HTTPConnection]:
    """A connection to the very address that was vetted, cut off when the time for one attempt is over."""
    end = time.monotonic() + settings.DELIVERY_TIMEOUT
    addresses = [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(allowed(address) for address in addresses):
        raise Undelivered("ADDRESS_NOT_ALLOWED", final=True)
    sock = socket.create_connection((addresses[0], port), timeout=max(end - time.monotonic(), 0.01))
    if tls:
        sock = _trust().wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    cut = threading.Timer(max(end - time.monotonic(), 0.01), _shut, [sock])
    cut.start()
    line = http.client.HTTPConnection(host, port)
    line.sock = sock
    try:
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
        yield line
    except (OSError, http.client.HTTPException) as error:
        if time.monotonic() >= end:
            raise TimeoutError from error
        raise
    finally:
        cut.cancel()
        line.close()


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):  # it ended by itself at this very moment
        sock.shutdown(socket.SHUT_RDWR)


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()
