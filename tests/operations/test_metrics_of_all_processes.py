"""`/metrics` of a running house: right whichever of its processes counted, and after some of them died."""

import os
import signal
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.journeys.house import House, running, until

pytestmark = pytest.mark.xdist_group("house")
READS = 60
PATH = "/api/v3/orgs/octo-sample/repos"
STARTED = """
github_api_requests_total github_api_request_duration_seconds_count github_api_rate_limit_remaining
github_api_rate_limit_limit webhook_events_received_total cache_hits_total cache_misses_total cache_sets_total
cache_ttl_seconds_count cache_operation_duration_seconds_count repository_sync_total
repository_sync_duration_seconds_count http_request_duration_seconds_count governor_decisions_total
hubcache_index_generation scheduler_heartbeat_timestamp_seconds tasks_total task_queue_seconds_count
cache_flights_total webhook_events_processed_total webhook_processing_duration_seconds_count
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    options = "--repos 4 --automations 20"
    with running(tmp_path_factory.mktemp("metrics"), options, HUBCACHE_WORKERS="2") as started:
        yield started


def metrics(house: House) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(house.get("/metrics").text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def total(house: House, *names: str) -> float:
    return sum(value for (name, _), value in metrics(house).items() if name in names)


def reads(house: House) -> float:
    return total(house, "cache_hits_total", "cache_misses_total", "cache_hot_repeats_total")


def test_reads_are_counted_whichever_process_answers(house: House) -> None:
    before = reads(house)
    for _ in range(READS):
        # A connection each, so that both processes come to answer.
        house.get(PATH)
    # Repeats are told in the background.
    until(lambda: reads(house) >= before + READS, "all reads to be counted")
    assert reads(house) == before + READS


def test_what_a_dead_process_counted_stays(house: House) -> None:
    before = reads(house)
    web = [child for child in house.children() if "granian" in " ".join(child.cmdline())]
    child = min((process for process in web if process.children() == []), key=lambda process: process.pid)
    os.kill(child.pid, signal.SIGKILL)
    child.wait(20)
    until(lambda: house.get("/health/live").ok, "the web server")
    assert reads(house) >= before


@pytest.mark.parametrize("name", STARTED.split())
def test_it_counts_from_the_first_minute_on(house: House, name: str) -> None:
    if name.startswith("webhook"):
        repository = house.json("/api/v1/search", kind="repository", per_page=1)["results"][0]["repository"]
        house.control("POST", "/files", repository=repository, path="README.md", content="new", message="Say more")

    def counted() -> bool:
        if name.startswith("cache"):
            # What nobody asked for before, since a warm-up may have brought everything else.
            house.get(PATH, per_page=7)
        return total(house, name) > 0

    until(counted, name, 60)
