"""What a task does where GitHub has to be waited for: it comes again when the backoff policy in force says so.

A limit, ours or GitHub's, is waited for as long as it takes and uses up no attempt; what passes by itself (a broken
connection, a 5xx) is tried GITHUB_BACKOFF_MAX_ATTEMPTS times in all. With GITHUB_BACKOFF_ENABLED off nothing is tried
again: the task fails at once and says how long it would have waited.
"""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from celery import Task

from github_cache.upstream.errors import BadAnswer, Unreachable
from ratelimit import live, metrics
from ratelimit.backoff import BackoffError, Retry, decide
from ratelimit.verdict import TRANSIENT, Wait, Why

T = TypeVar("T")


def run(task: Task, step: Callable[[], T | Wait]) -> T:
    """What `step` brings. Raises Celery's Retry where it has to wait, and BackoffError where that is given up."""
    cause: Exception | None = None
    try:
        found = step()
    except Unreachable as error:
        found, cause = Wait(0.0, Why.TIME_OUT if error.timed_out else Why.NETWORK), error
    except BadAnswer as error:
        found, cause = Wait(0.0, Why.SERVER_ERROR), error
    if not isinstance(found, Wait):
        return found
    policy = replace(live.policy().backoff, longest_wait=math.inf)
    attempt = task.request.retries + 1 if found.why in TRANSIENT else 1
    outcome = decide(policy, found, attempt=attempt, random=random.random)
    metrics.count_backoff(outcome)
    if isinstance(outcome, Retry):
        raise task.retry(countdown=outcome.seconds)
    raise BackoffError(outcome, attempt, None) from cause  # type: ignore[arg-type]  # a Wait is never Done
