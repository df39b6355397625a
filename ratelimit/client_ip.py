"""The caller's address behind proxies that we trust, and the bucket in which it is counted. *Pure.*

`X-Forwarded-For` is read from the right, for as long as each hop is a proxy that the settings name; the first address
that is none is the caller. Whatever stands left of it could have been written by anyone, and no other header is
believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

IPV6_PREFIX = 64
"""One customer is given at least a /64, so its addresses are one caller."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks of a setting. Raises ValueError for a text that is none."""
    return tuple(ip_network(text, strict=False) for text in texts)


def client_address(remote_addr: str, forwarded_for: str, trusted: Sequence[Network]) -> Address | None:
    """Who is calling: `remote_addr` is the peer, `forwarded_for` the header ("" where there is none).

    None where the peer itself has no address, as behind a Unix socket. An entry that is no address ends the search:
    the hop that wrote it down is then the caller.
    """
    caller = _address(remote_addr)
    if caller is None:
        return None
    for entry in reversed(forwarded_for.split(",")):
        if not within(caller, trusted):
            break
        hop = _address(entry)
        if hop is None:
            break
        caller = hop
    return caller


def within(address: Address, ranges: Sequence[Network]) -> bool:
    """Whether one of the networks holds the address."""
    return any(address in network for network in ranges)


def bucket_of(address: Address | None) -> str:
    """The name under which an address is counted: IPv4 by itself, IPv6 by its /64, everyone without one together."""
    if address is None:
        return "unknown"
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), IPV6_PREFIX), strict=False))


def _address(text: str) -> Address | None:
    """An address, perhaps with a port, in brackets, with a zone, or IPv4 written as IPv6; None for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
