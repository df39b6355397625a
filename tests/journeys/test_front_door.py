"""Floods at the door of a running house with four web processes: exactly the limit passes, whatever headers say."""

import http.client
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv6Address
from urllib.parse import urlsplit

import pytest

from tests.journeys.house import House, running

PROXY, STRANGER = "127.0.0.1", "127.0.0.2"
REQUESTS, CONNECTIONS = 10_000, 64
FORGED = ("X-Forwarded-For", "Forwarded", "CF-Connecting-IP", "X-Real-IP", "True-Client-IP", "X-Client-IP")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = {"HUBCACHE_WORKERS": "4", "TRUSTED_PROXIES": f"{PROXY}/32", "RATELIMIT_WINDOW": "3600"}
    # Counted together, however busy the machine: without an answer each process would count alone.
    settings["REDIS_SOCKET_TIMEOUT"] = "10"
    with running(tmp_path_factory.mktemp("house"), "--level 1 --repos 2 --automations 4", **settings) as house:
        yield house


def flood(house: House, peer: str, headers: Callable[[int], Mapping[str, str]]) -> Counter[int]:
    """Asks from `peer` over many connections at once, each request with headers of its own: answers by their status."""
    numbers = itertools.count()

    def ask(_connection: int) -> list[int]:
        at = urlsplit(house.url)
        connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=60, source_address=(peer, 0))
        codes = []
        while (number := next(numbers)) < REQUESTS:
            connection.request("GET", "/api/v1/stats", headers=dict(headers(number)))
            answer = connection.getresponse()
            answer.read()
            codes.append(answer.status)
        connection.close()
        return codes

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        return Counter(itertools.chain.from_iterable(threads.map(ask, range(CONNECTIONS))))


def anywhere(number: int) -> str:
    return f"203.0.{number // 256 % 256}.{number % 256}"


def forged(number: int) -> Mapping[str, str]:
    return {name: f"for={anywhere(number)}" if name == "Forwarded" else anywhere(number) for name in FORGED}


def through_a_proxy(number: int) -> Mapping[str, str]:
    """An address of one /64, as the proxy saw it, behind what the caller made up."""
    seen = IPv6Address(int(IPv6Address("2001:db8:7:7::")) + random.Random(number).getrandbits(64))
    return {**forged(number), "X-Forwarded-For": f"{anywhere(number)}, {seen}"}


@pytest.mark.parametrize(("peer", "headers"), [(STRANGER, forged), (PROXY, through_a_proxy)])
def test_exactly_a_hundred_of_ten_thousand_pass(
    house: House, peer: str, headers: Callable[[int], Mapping[str, str]]
) -> None:
    assert flood(house, peer, headers) == {200: 100, 429: REQUESTS - 100}
