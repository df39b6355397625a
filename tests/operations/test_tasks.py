"""A real worker on Redis and on RabbitMQ: poison is parked, the ID of a request travels, a task leaves one line."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from config import worker
from config.reading import read
from tests.conftest import running_redis
from tests.journeys.house import clean_environment, until
from tests.rabbitmq import running_rabbitmq

pytestmark = pytest.mark.xdist_group("worker")
ROOT = Path(__file__).parents[2]
POOL = {"HUBCACHE_WORKER_POOL": "prefork", "HUBCACHE_WORKER_CONCURRENCY": "2"}
SEND = """
import sys, django
django.setup()
from github_cache.upstream import tally
from tests.operations import poison_tasks
with tally.opened("the-request"):
    poison_tasks.die.delay()
    poison_tasks.fail.delay(7)
    poison_tasks.fail.delay(7)
    poison_tasks.ask.delay()
"""
PARKED = """
import json, django
django.setup()
from config.models import ParkedTask
from config import heartbeats
from django.utils import timezone
parked = ParkedTask.objects.values("name", "arguments", "times", "error")
print(json.dumps([heartbeats.alive(timezone.now()), list(parked)]))
"""
METRICS = """
import json, django
django.setup()
from github_cache import metric_files
print(json.dumps([[s.name, s.labels, s.value] for f in metric_files.collect() for s in f.samples]))
"""


@dataclass
class Running:
    """A worker and what it says."""

    environ: dict[str, str]
    log: Path

    def python(self, code: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=self.environ, capture_output=True, text=True, check=True
        ).stdout

    def lines(self, event: str) -> list[dict[str, Any]]:
        found = []
        for line in self.log.read_text().splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("event") == event:
                    found.append(entry)
        return found


@pytest.fixture(scope="module", params=["redis", "rabbitmq"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("worker")
    metrics = folder / "metrics"
    metrics.mkdir()
    with contextlib.ExitStack() as servers:
        url = servers.enter_context(running_redis(folder))
        rabbitmq = request.param == "rabbitmq"
        broker = {"CELERY_BROKER_URL": servers.enter_context(running_rabbitmq(folder))} if rabbitmq else {}
        environ = {
            **clean_environment(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "HUBCACHE_DATA_DIR": str(folder),
            "HUBCACHE_LOG_FORMAT": "json",
            "REDIS_URL": url,
            "GITHUB_API_URL": "http://127.0.0.1:9",
            "GITHUB_TOKEN": "ghp_never_accepted_00000000000000000000",
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "PYTHONPATH": str(ROOT),
            **broker,
        }
        subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, env=environ, check=True, capture_output=True)
        log = folder / "worker.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [*worker.command(read(POOL)), "-I", "tests.operations.poison_tasks"],
                cwd=ROOT,
                env=environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            started = Running(environ, log)
            started.python(SEND)
            try:
                until(lambda: len(started.lines("task")) >= 3 and started.lines("task parked"), "the tasks", 60)
                yield started
            finally:
                process.terminate()
                process.wait(30)


def test_what_kills_its_worker_is_parked_after_some_deliveries(running: Running) -> None:
    _, parked = json.loads(running.python(PARKED))
    died = [task for task in parked if task["name"].endswith(".die")]
    assert [(task["times"], task["error"]) for task in died] == [(1, "its worker died each time that it ran")]
    assert len(running.lines("task parked")) == 1


def test_what_fails_is_parked_once_with_its_error(running: Running) -> None:
    _, parked = json.loads(running.python(PARKED))
    failed = [task for task in parked if task["name"].endswith(".fail")]
    assert failed == [
        {
            "name": "tests.operations.poison_tasks.fail",
            "arguments": [[7], {}],
            "times": 2,
            "error": "ValueError: number 7 is no good",
        }
    ]


def test_each_task_leaves_one_line_with_the_requests_id(running: Running) -> None:
    failed = [line for line in running.lines("task") if line["task"].endswith(".fail")]
    assert len(failed) == 2
    for line in failed:
        assert (line["request_id"], line["outcome"], line["level"]) == ("the-request", "failed", "error")
        assert line["milliseconds"] >= 0


def test_a_tasks_line_counts_what_it_asked_of_github(running: Running) -> None:
    (asked,) = [line for line in running.lines("task") if line["task"].endswith(".ask")]
    assert asked["upstream_calls"] == 1
    assert asked["request_id"] == "the-request"


def test_no_secret_stands_in_the_log(running: Running) -> None:
    assert "ghp_never" not in running.log.read_text()


def test_the_worker_is_known_to_live(running: Running) -> None:
    alive = until(lambda: json.loads(running.python(PARKED))[0], "the worker's heartbeat")
    assert len(alive) == 1


def test_tasks_are_counted_by_outcome(running: Running) -> None:
    found = {
        (name, labels.get("task"), labels.get("outcome")): value
        for name, labels, value in json.loads(running.python(METRICS))
    }
    base = "tests.operations.poison_tasks"
    assert found["tasks_total", f"{base}.fail", "failed"] == 2
    assert found["tasks_total", f"{base}.die", "parked"] == 1
    assert found["task_duration_seconds_count", f"{base}.fail", None] == 2
