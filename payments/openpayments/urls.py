"""Which addresses we are willing to call, judged by their text alone; `addresses` judges where they lead.

People type wallet addresses, and wallets hand us the addresses of their servers, payments and tokens. Both are hostile
until checked: https only, no userinfo, no fragment, no spelling that two programs could read differently.
"""

import ipaddress
import re
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

import httpx

from payments.openpayments.addresses import is_public

LONGEST_URL: Final = 2000
LONGEST_HOST: Final = 253
LARGEST_PORT: Final = 65_535
#: A host with its port.
LONGEST_NETLOC: Final = LONGEST_HOST + len(f":{LARGEST_PORT}")
DEFAULT_PORTS: Final = {"https": 443, "http": 80}

UrlCode = Literal[
    "empty",
    "too_long",
    "not_a_url",
    "not_https",
    "userinfo",
    "fragment",
    "query",
    "bad_host",
    "bad_port",
    "private_address",
]

# RFC 3986, without userinfo. What httpx would rewrite before sending is refused: a signature covers the URL as sent.
_PLAIN_URL: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*://[A-Za-z0-9._:\[\]\-]+"
    r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/\-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?\-]|%[0-9A-Fa-f]{2})*)?"
)
_HOST_LABEL: Final = re.compile(r"(?!-)[a-z0-9_\-]{1,63}(?<!-)")
_NUMBER_LIKE: Final = re.compile(r"\d+|0x[0-9a-f]*")
_DOT_SEGMENT: Final = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)


class UrlError(ValueError):
    """An address that we do not call. `code` says why, for whoever words the sentence."""

    def __init__(self, code: UrlCode, detail: str) -> None:
        super().__init__(detail)
        self.code: Final = code


def host_and_port(host: str, port: int) -> str:
    """`host:port` as the list of trusted hosts spells it: lower case, IPv6 in brackets."""
    host = host.lower()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def check_url(url: str, trusted: frozenset[str]) -> str:
    """Returns `url` unchanged when its text is safe to call; UrlError otherwise.

    `trusted` holds `host:port` entries that the operator allows to be http, loopback or private.
    """
    if not url:
        raise UrlError("empty", "there is no address")
    if len(url) > LONGEST_URL:
        raise UrlError("too_long", f"an address has at most {LONGEST_URL} characters")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port  # either may turn out to be unreadable
    except ValueError as error:
        raise UrlError("not_a_url", "the address cannot be read") from error
    if "#" in url:
        raise UrlError("fragment", "an address has no fragment")
    if "@" in parts.netloc:
        raise UrlError("userinfo", "an address names no user")
    if not _PLAIN_URL.fullmatch(url) or _has_dot_segments(parts):
        raise UrlError("not_a_url", "the address is not a plain absolute URL")
    _check_host(host, is_bracketed="[" in parts.netloc)
    _check_port(parts)
    scheme, may_be_private = parts.scheme.lower(), is_trusted(url, trusted)
    if scheme != "https" and not (scheme == "http" and may_be_private):
        raise UrlError("not_https", "the address does not start with https://")
    literal = ip_literal(host)
    if literal is not None and not may_be_private and not is_public(literal):
        raise UrlError("private_address", "the address is not on the public internet")
    return url


def is_trusted(url: str, trusted: frozenset[str]) -> bool:
    """Whether `url` leads to a host in `trusted`, with its port. False for what is no address at all."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme.lower(), 0)
    except ValueError:
        return False
    return host_and_port(host, port) in trusted


def check_server_url(url: str, trusted: frozenset[str]) -> str:
    """As check_url, for the address of a resource server: paths are appended to it, so it has no query."""
    check_url(url, trusted)
    if "?" in url:
        raise UrlError("query", "the address of a server has no query")
    return url


def ip_literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that the host is written as, or None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _has_dot_segments(parts: SplitResult) -> bool:
    return any(_DOT_SEGMENT.fullmatch(segment) for segment in parts.path.split("/"))


def _check_host(host: str, *, is_bracketed: bool) -> None:
    if is_bracketed != (":" in host):
        raise UrlError("bad_host", "only IPv6 addresses stand in brackets")
    if ip_literal(host) is not None:
        return
    labels = host.split(".")
    if len(host) > LONGEST_HOST or not all(_HOST_LABEL.fullmatch(label) for label in labels):
        raise UrlError("bad_host", "the host is not a name of letters, digits, dots and hyphens")
    if _NUMBER_LIKE.fullmatch(labels[-1]):
        raise UrlError("bad_host", "the host is an oddly written IP address")
    if not _is_readable(host):
        raise UrlError("bad_host", "the host is not the punycode of any name")


def _is_readable(host: str) -> bool:
    """Whether httpx can read the host: it decodes punycode whenever a request is made, and raises at `xn--a`."""
    try:
        return not host.startswith("xn--") or bool(httpx.URL(f"https://{host}").host)
    except UnicodeError:
        return False


def _check_port(parts: SplitResult) -> None:
    # Digits that change nothing make an address longer than its host may be, and httpx would leave them out.
    written = parts.netloc.rpartition("]")[2].rpartition(":")[2]
    if parts.netloc.endswith(":") or (parts.port is not None and (parts.port == 0 or written != str(parts.port))):
        raise UrlError("bad_port", f"a port is a number from 1 to {LARGEST_PORT}")


def canonical_wallet_url(text: str, trusted: frozenset[str]) -> str:
    """The wallet address that a person means by what they typed; UrlError when it can be none.

    `$wallet.example/alice` becomes `https://wallet.example/alice`, `$wallet.example` becomes
    `https://wallet.example/.well-known/pay` (payment pointers). Spaces around it and a trailing slash go, the host
    becomes lower case and punycode. An address without scheme is read as https.
    """
    typed = text.strip()
    if not typed:
        raise UrlError("empty", "there is no address")
    if len(typed) > LONGEST_URL:
        raise UrlError("too_long", f"an address has at most {LONGEST_URL} characters")
    if typed.startswith("$"):
        typed = _from_payment_pointer(typed)
    elif "://" not in typed:
        typed = "https://" + typed
    try:
        parsed = httpx.URL(typed)
    except (httpx.InvalidURL, ValueError) as error:
        raise UrlError("not_a_url", "the address cannot be read") from error
    if parsed.userinfo:
        raise UrlError("userinfo", "an address names no user")
    if parsed.fragment or typed.endswith("#"):
        raise UrlError("fragment", "an address has no fragment")
    if "?" in typed:
        raise UrlError("query", "a wallet address has no query")
    if "\\" in typed or not typed.isprintable() or " " in typed:
        raise UrlError("not_a_url", "the address is not a plain absolute URL")
    if any(_DOT_SEGMENT.fullmatch(segment) for segment in typed.split("/")):
        raise UrlError("not_a_url", "the address is not a plain absolute URL")
    checked = check_url(str(parsed).rstrip("/"), trusted)
    is_named = "." in parsed.host or ip_literal(parsed.host) is not None
    port = parsed.port or DEFAULT_PORTS.get(parsed.scheme, 0)
    if not is_named and host_and_port(parsed.host, port) not in trusted:
        # Somebody typed a name or a sentence, not an address: no public host is a single word.
        raise UrlError("bad_host", "a host has a dot in it")
    return checked


def _from_payment_pointer(pointer: str) -> str:
    host, slash, path = pointer.removeprefix("$").partition("/")
    if not host or "$" in host:
        raise UrlError("not_a_url", "a payment pointer is $host or $host/name")
    return f"https://{host}/{path}" if slash and path else f"https://{host}/.well-known/pay"
