"""What every task of ours does around its body: one log line, metrics, the request's ID, and parking what is poison.

The ID of the request that a task was sent from, and the time at which it is due, travel in the message's headers.
"""

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from celery import Task
from celery.exceptions import Ignore, Reject, Retry

from config import metrics
from github_cache.upstream import tally

REQUEST_ID = "hubcache_request_id"
DUE_AT = "hubcache_due_at"
log = logging.getLogger("hubcache.task")


class ObservedTask(Task):
    """The base of all tasks."""

    abstract = True

    def apply_async(self, args: Any = None, kwargs: Any = None, *more: Any, **options: Any) -> Any:
        opened = tally.current()
        headers = dict(options.pop("headers", None) or {})
        headers.setdefault(REQUEST_ID, opened.request_id if opened else uuid.uuid4().hex)
        headers[DUE_AT] = time.time() + (options.get("countdown") or 0)
        return super().apply_async(args, kwargs, *more, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # Imported late: Celery's application is made before Django's applications are ready.
        from config import parking

        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        delivery = self.request.delivery_info or {}
        if parking.begun_too_often(self.request.id, delivery):
            parking.park(self.name, args, kwargs, "its worker died each time that it ran")
            metrics.TASKS.labels(self.name, "parked").inc()
            log.error("task parked", extra={"task": self.name, "task_id": self.request.id})
            raise Reject("begun too often", requeue=False)
        with self._observed(args, kwargs, delivery.get("routing_key") or ""):
            # Not Task.__call__, which would put an empty request in place of this one.
            return self.run(*args, **kwargs)

    @contextmanager
    def _observed(self, args: Any, kwargs: Any, queue: str) -> Iterator[None]:
        from config import parking

        request_id = self.request.get(REQUEST_ID) or uuid.uuid4().hex
        due_at = self.request.get(DUE_AT)
        if due_at is not None:
            metrics.TASK_WAITED.labels(queue).observe(max(0.0, time.time() - due_at))
        started = time.perf_counter()
        outcome, level = "done", logging.INFO
        with structlog.contextvars.bound_contextvars(request_id=request_id), tally.opened(request_id) as asked:
            try:
                yield
            except Retry:
                outcome = "retry"
                raise
            except (Ignore, Reject):
                outcome = "ignored"
                raise
            except Exception as error:
                outcome, level = "failed", logging.ERROR
                parking.park(self.name, args, kwargs, f"{type(error).__name__}: {error}")
                raise
            finally:
                seconds = time.perf_counter() - started
                metrics.TASK_SECONDS.labels(self.name).observe(seconds)
                metrics.TASKS.labels(self.name, outcome).inc()
                log.log(
                    level,
                    "task",
                    extra={
                        "task": self.name,
                        "task_id": self.request.id,
                        "queue": queue,
                        "outcome": outcome,
                        "milliseconds": round(seconds * 1000, 2),
                        "upstream_calls": asked.calls,
                        "cost": asked.cost,
                    },
                )
