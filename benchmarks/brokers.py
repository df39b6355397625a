"""Tasks through each broker, with one worker and with two: how many per second, and how long one is on its way.

By default the cache's own Redis and the folder that stands in for a broker; another one is named by `--broker URL`,
say a RabbitMQ that runs already (amqp://127.0.0.1//). Nothing is demanded: the table serves to choose by.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import redis
from rich.console import Console
from rich.table import Table

from benchmarks._running_hub import ROOT, Hub
from benchmarks._tasks import TOOK

SEND = """
import sys, time
import django
django.setup()
from benchmarks._tasks import note
number, pause = int(sys.argv[1]), float(sys.argv[2])
for _ in range(number):
    note.delay(time.time())
    time.sleep(pause)
"""


def main(options: Sequence[str]) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks brokers", description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000, help="sent at once (%(default)s)")
    parser.add_argument("--broker", action="append", default=[], metavar="URL", help="another broker; may be repeated")
    wish = parser.parse_args(options)
    table = Table("broker", "workers", "sent/s", "done/s", "one alone, median ms", "99 % ms", title="Tasks by broker")
    folder = tempfile.TemporaryDirectory(prefix="hubcache-brokers-")
    with folder, Hub(Path(folder.name), repositories=1, parts=()) as hub:
        hub.environ["BENCH_REDIS"] = f"unix://{hub.redis_socket}"
        for broker in ("", "filesystem://", *wish.broker):
            for workers in (1, 2):
                name = broker.partition(":")[0] or "Redis"
                table.add_row(name, str(workers), *_measured(hub, broker, workers, wish.tasks))
    Console().print(table)
    return 0


def _measured(hub: Hub, broker: str, workers: int, number: int) -> list[str]:
    """Tasks sent and done per second, and the way of one that comes alone."""
    hub.environ["CELERY_BROKER_URL"] = broker
    client = redis.Redis.from_url(hub.environ["BENCH_REDIS"], decode_responses=True)
    running = [_worker(hub, each) for each in range(workers)]
    try:
        _send(hub, client, workers * 20, 0.05)
        burst = _send(hub, client, number, 0)
        begun = min(sent for sent, _ in burst)
        alone = sorted((done - sent) * 1000 for sent, done in _send(hub, client, 100, 0.05))
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    sending, doing = (max(times) - begun for times in zip(*burst, strict=True))
    figures = number / sending, number / doing, statistics.median(alone), alone[98]
    return [f"{figure:,.0f}" for figure in figures]


def _worker(hub: Hub, number: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "threads", "--concurrency", "8",
               "--queues", "interactive", "--without-gossip", "--without-mingle", "--loglevel", "WARNING",
               "--include", "benchmarks._tasks", "--hostname", f"worker{number}@%h"]  # fmt: skip
    log = (hub.folder / "worker.log").open("ab")
    with log:
        return subprocess.Popen(command, env=hub.environ, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)


def _send(hub: Hub, client: redis.Redis, number: int, pause: float) -> list[tuple[float, float]]:
    """Sends so many and waits until all are done; when each was sent, and when it was run."""
    client.delete(TOOK)
    environ = {**hub.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", SEND, str(number), str(pause)]
    subprocess.run(command, env=environ, cwd=ROOT, check=True)
    end = time.monotonic() + 120
    while client.llen(TOOK) < number:
        if time.monotonic() > end:
            raise TimeoutError(f"{client.llen(TOOK)} of {number} tasks were done; see {hub.folder}")
        time.sleep(0.01)
    noted = (str(each).split() for each in client.lrange(TOOK, 0, -1))
    return [(float(sent), float(done)) for sent, done in noted]
