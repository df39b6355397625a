"""The task of the benchmark of brokers: it notes when it was sent and run."""

import os
import time

import redis
from celery import shared_task

TOOK = "took"


@shared_task
def note(sent_at: float) -> None:
    """Adds `sent_at` and now (epoch seconds) to a list in the Redis that BENCH_REDIS names."""
    with redis.Redis.from_url(os.environ["BENCH_REDIS"]) as client:
        client.rpush(TOOK, f"{sent_at} {time.time()}")
