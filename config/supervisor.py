"""Child processes under one foreground command: started in order, watched, restarted, and ended together."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 20.0
RESTART_DELAY = 0.2
# A child that ran this long before it died is started again at once; one that died sooner waits longer each time.
HEALTHY_SECONDS = 30.0
MOST_RESTARTS = 5
PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """A program that runs as long as Hubcache does."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restarts: int = 0


class ChildDied(Exception):
    """A child ended and would not stay up; the message holds the last lines of its log."""


class Supervisor:
    """Starts children, keeps them running, and ends them in reverse order."""

    def __init__(
        self, say: Callable[[str], None], *, restart_delay: float = RESTART_DELAY, stop_seconds: float = STOP_SECONDS
    ) -> None:
        self._say = say
        self._restart_delay = restart_delay
        self._stop_seconds = stop_seconds
        self.children: list[Child] = []
        self._stopping = threading.Event()

    def start(self, child: Child) -> None:
        """Starts `child`; its output goes to its log."""
        self.children.append(child)
        self._launch(child)

    def watch(self) -> None:
        """Returns when `stop` was asked for. Restarts what dies; raises ChildDied for what will not stay up."""
        while not self._stopping.wait(0.5):
            self.check()

    def check(self) -> None:
        """Restarts children that have ended. Raises ChildDied."""
        for child in self.children:
            if child.process is None or child.process.poll() is None or self._stopping.is_set():
                continue
            if time.monotonic() - child.started_at >= HEALTHY_SECONDS:
                child.restarts = 0
            if child.restarts >= MOST_RESTARTS:
                raise ChildDied(f"{child.name} ended again and again. The end of {child.log}:\n{tail(child.log)}")
            child.restarts += 1
            self._say(f"{child.name} ended with code {child.process.returncode}; starting it again (see {child.log})")
            self._stopping.wait(self._restart_delay * 2**child.restarts)
            self._launch(child)

    def ask_to_stop(self) -> None:
        """Makes `watch` return; may be called by a signal handler."""
        self._stopping.set()

    def stop(self) -> None:
        """Ends every child: asked first, killed after some seconds."""
        self._stopping.set()
        running = [child for child in reversed(self.children) if child.process and child.process.poll() is None]
        deadline = time.monotonic() + self._stop_seconds
        # Redis and the sandbox were started first, and serve the others until those have ended.
        for child in running:
            assert child.process is not None
            child.process.terminate()
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()

    def _launch(self, child: Child) -> None:
        child.log.parent.mkdir(parents=True, exist_ok=True)
        with child.log.open("ab") as log:
            child.process = subprocess.Popen(
                child.command,
                env=dict(child.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        child.started_at = time.monotonic()


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def _end_with_parent() -> None:
    """Runs in the child: the kernel ends it when its parent dies, however that dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
