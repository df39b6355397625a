"""SQLite with a queue before its one writer's lock.

SQLite lets writers poll for the lock with pauses that grow to 100 ms, so under load some wait for half a second while
others pass. Here a transaction first takes its turn: among the threads of a process by a lock, among processes by a
lock on a file beside the database, which the kernel takes back from a process that dies.
"""

import fcntl
import os
import threading
import time
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

POLL_SECONDS = 0.001


class Turn:
    """The right to begin a writing transaction on one database file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._file: int | None = None

    def take(self, timeout: float) -> None:
        """Waits for the turn. Raises OperationalError after `timeout` seconds, as SQLite itself would."""
        deadline = time.monotonic() + timeout
        if not self._threads.acquire(timeout=timeout):
            raise OperationalError("database is locked")
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise OperationalError("database is locked") from None
                    time.sleep(POLL_SECONDS)
        except BaseException:
            os.close(file)
            self._threads.release()
            raise
        self._file = file

    def give_back(self) -> None:
        """Lets the next one begin."""
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)
            self._threads.release()


_turns: dict[str, Turn] = {}
_turns_lock = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions take their turn; databases in memory need none."""

    _has_turn = False

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()
        except BaseException:
            self._give_turn_back()
            raise

    def _commit(self) -> Any:
        try:
            return super()._commit()
        finally:
            self._give_turn_back()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()
        finally:
            self._give_turn_back()

    def _close(self) -> Any:
        try:
            return super()._close()
        finally:
            self._give_turn_back()

    def _take_turn(self) -> None:
        if self.is_in_memory_db() or self._has_turn:
            return
        self._turn().take(self.settings_dict["OPTIONS"].get("timeout", 5.0))
        self._has_turn = True

    def _give_turn_back(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turn().give_back()

    def _turn(self) -> Turn:
        path = f"{self.settings_dict['NAME']}-turn"
        with _turns_lock:
            return _turns.setdefault(path, Turn(path))
