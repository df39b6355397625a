"""The whole house as a newcomer starts it: one command, real processes, the sandbox GitHub on real files."""

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from tests import canaries

ROOT = Path(__file__).parents[2]
START_SECONDS = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class House:
    """A running Hubcache and its sandbox."""

    url: str
    github: str
    process: subprocess.Popen[str]
    folder: Path
    said: list[str]

    def get(self, path: str, **parameters: Any) -> requests.Response:
        """Asked with the key that was printed at start, since the limit without one is a newcomer's."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return requests.get(f"{self.url}{path}", params=parameters, headers=headers, timeout=30)

    def json(self, path: str, **parameters: Any) -> Any:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, (answer.status_code, answer.text[:500])
        return answer.json()

    def control(self, method: str, path: str, /, **body: Any) -> Any:
        answer = requests.request(method, f"{self.github}/_sandbox{path}", json=body or None, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def calls(self) -> list[dict[str, Any]]:
        """What the sandbox was asked, beside what comes by schedule (`/rate_limit`, hooks)."""
        calls: list[dict[str, Any]] = self.control("GET", "/ledger")["entries"]
        return [call for call in calls if call["path"] != "/rate_limit" and "/hooks" not in call["path"]]

    @property
    def key(self) -> str:
        found = re.search(r"API key: (hc_\S+)", self.text)
        assert found, self.text
        return found[1]

    @property
    def text(self) -> str:
        return "".join(self.said)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@contextmanager
def running(folder: Path, options: str, arguments: tuple[str, ...] = (), **settings: str) -> Iterator[House]:
    """`manage.py up` on free ports with its data in `folder`, ready to be asked; ended by Ctrl-C."""
    port, sandbox_port = free_port(), free_port()
    environ = {
        **clean_environment(),
        "HUBCACHE_DATA_DIR": str(folder),
        "HUBCACHE_PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
        "SANDBOX_OPTIONS": options,
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", *arguments],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    house = House(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}", process, folder, [])
    try:
        _read_until(house, "Ctrl-C ends everything")
        yield house
    finally:
        canaries.look("what the house said", house.text)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def run_up(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """`manage.py up` where it is expected to end by itself."""
    return manage(folder, "up", **settings)


def manage(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A management command in a shell of its own, which knows the data directory alone."""
    environ = {**clean_environment(), "HUBCACHE_DATA_DIR": str(folder), **settings}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


def clean_environment() -> Mapping[str, str]:
    """The environment without the settings that the tests themselves run under."""
    ours = re.compile(r"HUBCACHE_|REDIS_|GITHUB_|DATABASE_URL|CELERY_|SANDBOX_|DJANGO_")
    return {name: value for name, value in os.environ.items() if not ours.match(name)}


def until(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """Asks again and again until `condition` holds; fails with what it waited for."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.1)):
        if result := condition():
            return result
        pause.wait(0.1)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def _read_until(house: House, text: str) -> None:
    """Reads what the command says, in a thread that goes on reading afterwards."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert house.process.stdout is not None
        for line in house.process.stdout:
            house.said.append(line)
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        line = lines.get(timeout=START_SECONDS)
        if line is None:
            raise AssertionError(f"it ended instead of starting:\n{house.text}")
        if text in line:
            return
