"""How Celery's worker and beat are started: one place for the command line, the development set-up and containers."""

import os
import sys

from config.env import Env

QUEUES = ("interactive", "webhooks", "warm")
_CELERY = [sys.executable, "-m", "celery", "-A", "config"]


def command(env: Env, queues: tuple[str, ...] = QUEUES) -> list[str]:
    """The worker's command line; it takes from `queues` in turn."""
    return [
        *_CELERY, "worker",
        "--pool", env.HUBCACHE_WORKER_POOL,
        "--concurrency", str(env.HUBCACHE_WORKER_CONCURRENCY),
        "--queues", ",".join(queues),
        "--loglevel", env.HUBCACHE_LOG_LEVEL,
        # Several may run on one machine, and a name belongs to one of them.
        "--hostname", f"worker{os.getpid()}@%h",
        "--without-gossip", "--without-mingle",
    ]  # fmt: skip


def beat_command(env: Env) -> list[str]:
    """The scheduler's command line; there is one scheduler in all."""
    return [*_CELERY, "beat", "--loglevel", env.HUBCACHE_LOG_LEVEL, "--pidfile", ""]
