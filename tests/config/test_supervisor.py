"""Real child processes: started, restarted, given up, ended together."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.supervisor import MOST_RESTARTS, Child, ChildDied, Supervisor, tail

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    running = Supervisor(said.append, restart_delay=0.0, stop_seconds=0.5)
    yield running
    running.stop()


def child(folder: Path, name: str, command: list[str]) -> Child:
    return Child(name, command, os.environ, folder / f"{name}.log")


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if condition():
            return
        pause.wait(0.005)
    raise AssertionError("it did not come to pass")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_stop_ends_every_child(supervisor: Supervisor, tmp_path: Path) -> None:
    children = [child(tmp_path, name, SLEEPER) for name in ("one", "two")]
    for each in children:
        supervisor.start(each)
    pids = [each.process.pid for each in children if each.process]
    supervisor.stop()
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


def test_a_child_that_will_not_listen_is_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    stubborn = child(tmp_path, "stubborn", STUBBORN)
    supervisor.start(stubborn)
    until(lambda: "up" in tail(stubborn.log))
    supervisor.stop()
    assert stubborn.process is not None
    assert stubborn.process.returncode == -signal.SIGKILL


def test_a_killed_child_is_started_again(supervisor: Supervisor, said: list[str], tmp_path: Path) -> None:
    sleeper = child(tmp_path, "sleeper", SLEEPER)
    supervisor.start(sleeper)
    first = sleeper.process
    assert first is not None
    first.kill()
    first.wait()
    supervisor.check()
    assert sleeper.process is not None
    assert sleeper.process.pid != first.pid
    assert "sleeper ended with code -9" in said[0]


def test_a_child_that_will_not_stay_up_ends_everything(supervisor: Supervisor, tmp_path: Path) -> None:
    broken = child(tmp_path, "broken", [sys.executable, "-c", "raise SystemExit('no database')"])
    supervisor.start(broken)
    with pytest.raises(ChildDied, match="no database"):
        for _ in range(MOST_RESTARTS + 1):
            assert broken.process is not None
            broken.process.wait()
            supervisor.check()


def test_watch_returns_when_asked(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(child(tmp_path, "sleeper", SLEEPER))
    supervisor.ask_to_stop()
    supervisor.watch()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux only")
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, sys, time; from pathlib import Path; from config.supervisor import Child, Supervisor\n"
        f"c = Child('c', {SLEEPER!r}, os.environ, Path({str(tmp_path / 'c.log')!r}))\n"
        "Supervisor(print).start(c)\n"
        "print(c.process.pid, flush=True); time.sleep(600)"
    )
    import subprocess

    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        until(lambda: "up" in tail(tmp_path / "c.log"))
        parent.kill()
    until(lambda: not alive(pid) or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z")
