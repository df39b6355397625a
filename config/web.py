"""How the web server is started: Granian over WSGI, a few processes with many threads."""

import sys

from config.env import Env

# A worker that has to stop lets its requests end for so long, in seconds.
DRAIN_SECONDS = "15"


def command(env: Env) -> list[str]:
    """The web server's command line for these settings."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi",
        "--host", env.HUBCACHE_HOST, "--port", str(env.HUBCACHE_PORT),
        "--workers", str(env.HUBCACHE_WORKERS), "--blocking-threads", str(env.HUBCACHE_THREADS),
        "--respawn-failed-workers", "--workers-kill-timeout", DRAIN_SECONDS,
        "--no-ws", "--log-level", "warning",
        "config.wsgi:application",
    ]  # fmt: skip
