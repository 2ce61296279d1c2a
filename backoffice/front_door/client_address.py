"""Whose request it is, as far as an address says: nothing that a client may claim of itself counts."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

#: Of IPv6 a household or a machine has that many leading bits to itself, and all the addresses behind them.
OWN_BITS = 64
IPV6 = 6


def client_address(request: HttpRequest) -> str:
    """The address from which the request came to our proxy, or to us without one; of IPv6 its network.

    Empty where it tells nobody apart: when it is this machine's, there may be a proxy that we were not told of. A proxy
    adds whom it heard at the end of X-Forwarded-For; whatever stands before that was sent by the client.
    """
    text = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY and (passed_on := request.headers.get("X-Forwarded-For", "")):
        text = passed_on.rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return ""
    return str(ipaddress.ip_network((address, OWN_BITS), strict=False)) if address.version == IPV6 else str(address)
