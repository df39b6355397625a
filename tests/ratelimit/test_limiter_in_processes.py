"""The inbound limit over real processes and threads: never one more than the limit."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest

from ratelimit.connection import connect
from ratelimit.limiter import Limiter


def _ask(url: str, limit: int, tries: int, leased: bool, counts) -> None:
    limiter = Limiter(connect(url, timeout=30.0, max_connections=16), 3600)
    step = limiter.spend_leased if leased else limiter.spend
    with ThreadPoolExecutor(16) as threads:
        counts.put(
            sum(decision.allowed for decision in threads.map(lambda _: step("address:one", limit), range(tries)))
        )


@pytest.mark.parametrize(
    ("limit", "leased", "tries"), [(100, False, 10_000), (100, True, 10_000), (6_000, True, 10_000)]
)
def test_four_processes_of_sixteen_threads(
    redis_client, redis_server: str, limit: int, leased: bool, tries: int
) -> None:
    context = multiprocessing.get_context("spawn")
    counts = context.Queue()
    processes = [context.Process(target=_ask, args=(redis_server, limit, tries // 4, leased, counts)) for _ in range(4)]
    for process in processes:
        process.start()
    passed = sum(counts.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    if limit < 1_000:
        assert passed == limit
    else:  # what a process had leased and did not need has gone unused
        assert limit - 4 * 60 <= passed <= limit
