"""Tasks that end badly, for a worker of the tests."""

import os
import signal

from celery import shared_task


@shared_task
def die() -> None:
    """Takes its process along."""
    os.kill(os.getpid(), signal.SIGKILL)


@shared_task
def fail(number: int) -> None:
    """Fails, saying so."""
    raise ValueError(f"number {number} is no good")


@shared_task
def ask() -> None:
    """Sends one call to GitHub."""
    from github_cache.upstream import calls
    from github_cache.upstream.protocol import Call
    from ratelimit.budget import Lane

    calls.send(Call("GET", "/repos/octo-sample/none"), tenant="default", lane=Lane.INTERACTIVE)
