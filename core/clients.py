"""Who asks, as far as a request tells it: the address before the proxies we trust, and the kind of
program."""

from __future__ import annotations

import ipaddress
import re

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

_ROBOT = re.compile(r"bot|crawl|spider|preview|facebookexternalhit|slack|whatsapp|skype|scan|fetch", re.I)
_PHONE = re.compile(r"mobile|android|iphone|ipad", re.I)


def client_address(request: HttpRequest, *, v4: int = 32, v6: int = 128) -> str:
    """The network of the client's address with so many bits; empty where it is not known. ``X-Forwarded-For``
    counts only behind ``TRUSTED_PROXIES``."""
    try:
        address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    except (PermissionDenied, ValueError):
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    bits = v4 if address.version == 4 else v6
    network = ipaddress.ip_network((address, bits), strict=False)
    return str(network.network_address) if bits == network.max_prefixlen else str(network)


def client_kind(request: HttpRequest) -> str:
    """``robot``, ``phone``, ``browser`` or ``other``, as it calls itself."""
    agent = request.headers.get("User-Agent", "")
    if _ROBOT.search(agent):
        return "robot"
    if "Mozilla/" not in agent:
        return "other"
    return "phone" if _PHONE.search(agent) else "browser"
