"""Who is calling, behind which proxies."""

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratelimit.client_ip import bucket_of, client_address, networks, within

TRUSTED = networks(["10.0.0.0/8", "fd00::/8"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # nobody trusts the peer
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),  # what stands left of the caller is forged
        ("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),  # the caller is inside
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, ", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("10.0.0.1", "2001:db8::1%eth0", "2001:db8::1"),
        ("fd00::1", "2001:db8::1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
    ],
)
def test_the_header_is_read_from_the_right_through_trusted_proxies(peer: str, forwarded: str, caller: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == ip_address(caller)


def test_a_peer_without_an_address_is_nobody() -> None:
    assert client_address("", "198.51.100.1", TRUSTED) is None
    assert bucket_of(None) == "unknown"


@given(st.text())
def test_a_stranger_cannot_choose_its_address(forwarded: str) -> None:
    assert client_address("203.0.113.9", forwarded, TRUSTED) == IPv4Address("203.0.113.9")


@given(st.text(max_size=40).map(lambda text: f"{text}, 198.51.100.1"))
def test_behind_a_proxy_only_what_the_proxy_wrote_counts(forwarded: str) -> None:
    assert client_address("10.0.0.1", forwarded, TRUSTED) == IPv4Address("198.51.100.1")


@given(st.integers(0, 2**64 - 1))
def test_all_addresses_of_a_64_are_one_bucket(host: int) -> None:
    assert bucket_of(ip_address((0x20010DB8_00010002 << 64) + host)) == "2001:db8:1:2::/64"


def test_ipv4_is_counted_by_itself_however_it_is_written() -> None:
    caller = client_address("::ffff:203.0.113.9", "", ())
    assert bucket_of(caller) == "203.0.113.9"
    assert within(caller, networks(["203.0.113.0/24"]))
    assert not within(caller, TRUSTED)


def test_a_network_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="proxy"):
        networks(["proxy"])
