"""The bell: tells the workers that a delivery waits. It carries one ID, may be lost, and never holds up a request.

A thread of each process rings, at most once per PAUSE and always after the last delivery; one bell brings about the
processing of everything that is due. A bell that the broker does not take is counted, and the sweeper does its work.
"""

import contextvars
import logging
import os
import threading
from collections.abc import Callable

from webhooks import metrics

PAUSE = 0.25
"""Seconds between two bells of one process."""

log = logging.getLogger("hubcache.webhooks.bell")


class Bell:
    """Hands the newest of the IDs it is given to `publish`, in a thread that starts with the first (after any fork)."""

    def __init__(self, publish: Callable[[int], None], pause: float = PAUSE) -> None:
        self._publish, self._pause = publish, pause
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        self._newest: tuple[int, contextvars.Context] | None = None
        self._rung, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    def ring(self, event_id: int) -> None:
        """Returns at once. The task that is sent bears the ID of the request that rang last."""
        with self._lock:
            if self._process != os.getpid():
                self._start()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="webhook-bell", daemon=True)
                self._thread.start()
            self._newest = event_id, contextvars.copy_context()
            self._rung.set()

    def close(self) -> None:
        """Publishes what is left and ends the thread; who rings after that starts another."""
        thread = self._thread
        self._stop.set()
        self._rung.set()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._rung.wait()
            with self._lock:
                newest, self._newest = self._newest, None
                self._rung.clear()
            if newest is not None:
                self._tell(*newest)
            self._stop.wait(self._pause)
        with self._lock:
            newest = self._newest
            self._start()
        if newest is not None:
            self._tell(*newest)

    def _tell(self, event_id: int, context: contextvars.Context) -> None:
        try:
            context.run(self._publish, event_id)
        except Exception as error:  # noqa: BLE001 - whatever a broker's client raises, the row is the queue
            metrics.webhook_bell_lost_total.inc()
            log.warning("bell lost", extra={"event_id": event_id, "error": type(error).__name__})


def _publish(event_id: int) -> None:
    from webhooks import debounce, tasks

    tasks.process.apply_async((event_id,), countdown=debounce.RHYTHM.quiet)


BELL = Bell(_publish)
"""The one of this process."""
