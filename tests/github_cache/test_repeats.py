"""How often answers were repeated: counted at once, told to the metrics a little later, and none is lost."""

from concurrent.futures import ThreadPoolExecutor

from github_cache.metrics import HOT_REPEATS
from github_cache.repeats import Repeats


def told(tenant: str) -> float:
    return sum(
        sample.value
        for family in HOT_REPEATS.collect()
        for sample in family.samples
        if sample.name == "cache_hot_repeats_total" and sample.labels["tenant"] == tenant
    )


def test_what_many_threads_count_is_told_once() -> None:
    counts = Repeats()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: [counts.add(("repeats", "issues")) for _ in range(500)], range(8)))
    counts.tell()
    counts.tell()
    assert told("repeats") == 4_000


def test_nothing_has_to_happen_for_what_is_pending_to_be_told() -> None:
    counts = Repeats()
    counts.add(("pending", "issues"))
    teller = counts._teller
    assert teller is not None
    assert teller.is_alive()
    assert teller.daemon
