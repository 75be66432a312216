"""Anonymise IP addresses in texts: the last octet of IPv4, the last 80 bits of IPv6.

The lengths are those that Sentry and the usual web analytics keep.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)")
_IPV6 = re.compile(
    r"(?<![\w:.])(?=[0-9a-fA-F]*:[0-9a-fA-F]*:)[0-9a-fA-F:]{2,39}(?:\.\d{1,3}){0,3}(?![\w:])"
)
_KEPT_BITS = {4: 24, 6: 48}


def anonymise(text: str) -> str:
    """``text`` with every address in it anonymised; anything else stays as it is.

    >>> anonymise("from 203.0.113.77 and 2001:db8:1:2:3:4:5:6")
    'from 203.0.113.0 and 2001:db8:1::'
    """
    if "." in text:
        text = _IPV4.sub(_anonymous, text)
    if text.count(":") > 1:
        text = _IPV6.sub(_anonymous, text)
    return text


def _anonymous(match: re.Match[str]) -> str:
    try:
        address: IPv4Address | IPv6Address = ip_address(match[0])
    except ValueError:
        return match[0]
    if address.is_unspecified or address.is_loopback:
        return match[0]
    network = ip_network(f"{address}/{_KEPT_BITS[address.version]}", strict=False)
    return str(network.network_address)
