"""A GitHub that takes its time starves nobody, in the processes as they are served."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks._running_hub import SECRET
from tests.github_cache.gateway.conftest import small_world
from tests.github_cache.gateway.running import Running, running

HELLO = "/api/v3/repos/octo/hello"
CLIENTS = 96


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(small_world(), tmp_path_factory.mktemp("slow")) as house:
        yield house


def delivered(house: Running) -> int:
    """The status that a signed delivery gets."""
    body = json.dumps({"zen": "Anything added dilutes everything else.", "hook_id": 1}).encode()
    return house.ask(
        "/api/v1/webhooks/github",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "X-GitHub-Event: ping",
        "X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-GitHub-Hook-ID: 1",
        f"X-Hub-Signature-256: sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}",
        method="POST",
        body=body,
        key="",
    ).status


@pytest.mark.parametrize("tokens", ["the key's", "never seen"])
def test_health_webhooks_and_hits_are_answered_beside_clients_whom_github_keeps_waiting(
    house: Running, tokens: str
) -> None:
    house.ask(HELLO)
    slow = "/rate_limit" if tokens == "never seen" else "/users/slow"
    house.github.faults.add({"kind": "latency", "seconds": 5, "path": slow})

    def held_up(number: int) -> int:
        path = f"/api/v3/users/slow-{number}-{slow.count('_')}"
        if tokens == "never seen":
            return house.ask(path, f"Authorization: token ghp_unseen_{number}", key="").status
        return house.ask(path).status

    with ThreadPoolExecutor(CLIENTS) as pool:
        waiting = [pool.submit(held_up, number) for number in range(CLIENTS)]
        assert house.ask("/health/live").status == 200
        assert house.ask("/health/ready").status == 200
        assert house.ask(HELLO).status == 200
        assert delivered(house) in (200, 202)
        assert not all(each.done() for each in waiting)
    told = {each.result() for each in waiting}
    house.github.faults.clear()
    assert told == {503, 401 if tokens == "never seen" else 404}


def test_readers_of_the_same_cold_answer_cost_one_call_over_all_processes(house: Running) -> None:
    house.ask(HELLO)
    house.github.faults.add({"kind": "latency", "seconds": 0.3, "path": "/labels"})
    house.forgotten()
    with ThreadPoolExecutor(40) as readers:
        statuses = list(readers.map(lambda _: house.ask(f"{HELLO}/labels").status, range(40)))
    house.github.faults.clear()
    assert statuses == [200] * 40
    assert house.calls.count("/repos/octo/hello/labels") == 1
