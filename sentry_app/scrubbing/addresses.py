"""Addresses: IP addresses are anonymised, e-mail addresses removed.

The lengths are those that Sentry and the usual web analytics keep: the last octet of IPv4 goes,
and the last 80 bits of IPv6 or more. A dotted number that stands where a version stands stays.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from sentry_app.scrubbing.findings import Findings

_IPV4 = re.compile(
    r"(?:(?<![\w.=-])(?<!==)|(?<=\\[nrt]))\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\w)|(?<=[^=]=)\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\w)"
)
_IPV6 = re.compile(
    r"(?:(?<![\w:.])|(?<=\\[nrt]))(?=[0-9a-fA-F]{0,4}:[0-9a-fA-F]{0,4}:)[0-9a-fA-F:]{2,39}(?:\.\d{1,3}){0,3}(?![\w:])"
    # In full, after a name: the key of a cache.
    r"|(?<=[A-Za-z_]:)(?<![0-9a-fA-F]{4}:)(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])"
)
_BEFORE_VERSION = re.compile(
    r"(?:(?i:versions?|version is|released?|build|firmware|python|django|linux|kernel|driver|"
    r"openssl|chrome|firefox|safari|edge|windows|android|macos|java|jdk|php|ruby|sdk|tag|revision|v|ver"
    r"|sections?|chapter|clause|paragraph|article|appendix|oid|schema|patch|hotfix|bios|glibc|nginx"
    r"|postgresql|mariadb|sqlite|celery|pip|npm)\W{1,3}"
    r"|(?:^|[\s(\"'])[A-Za-z][\w.\-]{0,40}/)$"
)
_AFTER_VERSION = re.compile(r"\s\(?(?:build|release|version)\b", re.I)
#: Of ``2001:db8:36bc:1::1`` 48 bits are most of what is written; of so long an address, so much.
_LONG, _MOST = 16, 0.6
#: To all hosts; to the metadata of a cloud's host.
_NOBODY = frozenset({"255.255.255.255", "169.254.169.254"})
_NAT64 = IPv6Network("64:ff9b::/96")

#: ``icon@2x.png``
_NO_FILE = r"(?!(?:png|jpe?g|gif|svg|webp|ico|avif|css|js|map|py|git)\b)"
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])(?!git@|celery@)[A-Za-z0-9._%+\-][A-Za-z0-9._%+'\-]{0,63}@(?!\d+x\.)(?:[A-Za-z0-9\-]{1,63}\.){1,8}"
    rf"{_NO_FILE}[A-Za-z]{{2,24}}(?![A-Za-z0-9])"
)
_EMAIL_ENCODED = re.compile(
    r"(?<![A-Za-z0-9._+\-])[A-Za-z0-9._+\-]{1,64}(?:%40|&#64;|\\u0040)(?!\d+x\.)"
    rf"(?:[A-Za-z0-9\-]{{1,63}}\.){{1,8}}{_NO_FILE}[A-Za-z]{{2,24}}(?![A-Za-z0-9])"
)


def scrub_emails(text: str, found: Findings) -> str:
    """``text`` without e-mail addresses."""
    if "@" in text:
        text = found.replace("email", _EMAIL, text)
    if "%40" in text or "&#64;" in text or "\\u0040" in text:
        text = found.replace("email", _EMAIL_ENCODED, text)
    return text


def scrub_ips(text: str, found: Findings) -> str:
    """``text`` with every IP address in it anonymised."""
    anonymous = anonymise(text)
    if anonymous != text:
        found.remove("ip address")
    return anonymous


def anonymise(text: str) -> str:
    """``text`` with every IP address in it anonymised; anything else stays as it is.

    >>> anonymise("from 203.0.113.77 and 2001:db8:1:2:3:4:5:6")
    'from 203.0.113.0 and 2001:db8:1::'
    """
    if text.count(".") > 2:
        text = _IPV4.sub(_anonymous, text)
    if text.count(":") > 1:
        text = _IPV6.sub(_anonymous, text)
    return text


def _anonymous(match: re.Match[str]) -> str:
    try:
        address: IPv4Address | IPv6Address = ip_address(match[0])
    except ValueError:
        return match[0]
    if address.is_unspecified or address.is_loopback or match[0] in _NOBODY or _is_version(match):
        return match[0]
    if isinstance(address, IPv6Address) and not _is_in_use(address):
        return match[0]
    if isinstance(address, IPv6Address):
        return _network(address, match[0])
    return str(IPv4Address(int(address) >> 8 << 8))


def _network(address: IPv6Address, written: str) -> str:
    """The first 48 bits of ``address``; fewer if they are most of what is ``written``."""
    for kept in (48, 32, 16):
        lost = address.max_prefixlen - kept
        network = IPv6Address(int(address) >> lost << lost)
        start = str(network)[: None if written.startswith(str(network)) else -1]
        is_most = len(written) >= _LONG and len(start) >= _MOST * len(written)
        if network == address or not (is_most and written.startswith(start)):
            break
    return str(network)


def _is_in_use(address: IPv6Address) -> bool:
    """Whether a host may have it: what IANA has not assigned (``a::b``, ``::2``) is no address."""
    if address.ipv4_mapped is not None or address in _NAT64:
        return True
    return 0x20 <= address.packed[0] <= 0x3F or address.packed[0] >= 0xFC


def _is_version(match: re.Match[str]) -> bool:
    if ":" in match[0]:
        return False
    if len(match[0]) == 7:  # 4.2.1.3; the few hosts with such an address are public services
        return True
    before = match.string[max(0, match.start() - 50) : match.start()]
    is_after = _BEFORE_VERSION.search(before) is not None
    return is_after or _AFTER_VERSION.match(match.string, match.end()) is not None
