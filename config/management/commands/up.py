"""`manage.py up`, which `make run` calls: everything in the foreground, ended by Ctrl-C."""

import contextlib
import logging
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from config import embedded_redis, preflight, running, web, worker
from config.env import Env
from config.generated import kept_secret
from config.reading import env
from config.startup import GitHub, Plan, Redis, child_environment, for_other_shells, plan
from config.supervisor import Child, ChildDied, Supervisor, tail
from github_cache import metric_files

START_SECONDS = 120.0
PYTHON = sys.executable
MANAGE = str(settings.BASE_DIR / "manage.py")


class Command(BaseCommand):
    help = "Start web server, worker, scheduler and, where needed, Redis and the sandbox GitHub; sync; Ctrl-C ends all."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--no-sync", action="store_true", help="Do not sync the organisation at start.")

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(highlight=False, soft_wrap=True)
        supervisor = Supervisor(lambda text: console.print(f"[yellow]{text}[/]"))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _interrupt)
        house = House(env(), supervisor, console)
        try:
            house.open(sync=not options["no_sync"])
            supervisor.watch()
        except KeyboardInterrupt:
            console.print("\nStopping …")
        except ChildDied as error:
            raise CommandError(str(error)) from error
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            house.notice.close()
            supervisor.stop()


class House:
    """The start of everything, step by step; each step that fails says what to do."""

    def __init__(self, chosen: Env, supervisor: Supervisor, console: Console) -> None:
        self.env = chosen
        self.supervisor = supervisor
        self.console = console
        self.folder = settings.HUBCACHE_DATA_DIR
        self.program = embedded_redis.binary()
        self.plan: Plan = plan(chosen, self.program)
        self.environ = dict(os.environ)
        self.notice = contextlib.ExitStack()

    def open(self, *, sync: bool) -> None:
        """Starts all of it and returns when the site answers and the sync has ended."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if running.told(self.folder) is not None:
            raise CommandError(
                f"Hubcache runs already with its data in {self.folder}: stop it, or set HUBCACHE_DATA_DIR to another."
            )
        self._need_port(self.env.HUBCACHE_HOST, self.env.HUBCACHE_PORT, "HUBCACHE_PORT")
        if self.plan.github is GitHub.REAL and (faults := list(preflight.faults(self.env))):
            raise CommandError("\n".join(faults))
        redis_url = self._redis()
        sandbox = self._sandbox() if self.plan.github is GitHub.SANDBOX else {}
        self.environ = child_environment(os.environ, self.env, self.plan, redis_url=redis_url, sandbox=sandbox)
        self.notice.enter_context(running.telling(self.folder, for_other_shells(os.environ, self.environ)))
        metric_files.clear(Path(self.environ[metric_files.VARIABLE]))
        self._manage("prepare")
        self._serve()
        organisation = self.environ.get("HUBCACHE_ORG") or self.env.HUBCACHE_ORG
        if self.plan.github is GitHub.SANDBOX:
            self._manage("register_hook")
        if organisation and sync:
            self._manage("sync", organisation)
        self._welcome(organisation)

    def _redis(self) -> str:
        if self.plan.redis is Redis.GIVEN:
            return self.env.redis_url
        if self.plan.redis is Redis.NONE:
            why = "REDIS_ENABLED is false" if not self.env.REDIS_ENABLED else "no redis-server was found"
            self.console.print(f"Redis: none ({why}); the database stores what it would have held.")
            return ""
        assert self.program is not None
        self._child("redis", embedded_redis.command(self.program, self.folder))
        path = embedded_redis.socket_of(self.folder)
        self._wait("Redis", "redis", lambda: _accepts(path))
        return f"unix://{path}?db=0"

    def _sandbox(self) -> dict[str, str]:
        self._need_port("127.0.0.1", self.env.SANDBOX_PORT, "SANDBOX_PORT")
        url = f"http://127.0.0.1:{self.env.SANDBOX_PORT}"
        try:
            options = shlex.split(self.env.SANDBOX_OPTIONS)
        except ValueError as error:
            raise CommandError(f"SANDBOX_OPTIONS: {self.env.SANDBOX_OPTIONS!r} cannot be read: {error}.") from None
        self._child("sandbox", [PYTHON, "-m", "github_sandbox", "--port", str(self.env.SANDBOX_PORT), *options])
        self._wait("The sandbox GitHub", "sandbox", lambda: requests.get(f"{url}/_sandbox", timeout=1).ok)
        token = requests.get(f"{url}/_sandbox/tokens", timeout=5).json()["tokens"][0]["token"]
        member_of = requests.get(f"{url}/user/orgs", headers={"Authorization": f"Bearer {token}"}, timeout=5).json()
        return {
            "GITHUB_API_URL": url,
            "GITHUB_TOKEN": token,
            "HUBCACHE_ORG": self.env.HUBCACHE_ORG or member_of[0]["login"],
            "GITHUB_WEBHOOK_SECRET": self.env.GITHUB_WEBHOOK_SECRET
            or kept_secret(self.folder / "webhook_secret", lambda: os.urandom(24).hex()),
        }

    def _serve(self) -> None:
        self._child("worker", worker.command(self.env))
        self._child("beat", worker.beat_command(self.env))
        self._child("web", web.command(self.env))
        self._wait("The web server", "web", lambda: requests.get(f"{self._local}/health/live", timeout=1).ok)

    @property
    def _local(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.env.HUBCACHE_HOST, self.env.HUBCACHE_HOST)  # noqa: S104
        return f"http://{host}:{self.env.HUBCACHE_PORT}"

    def _welcome(self, organisation: str) -> None:
        url = self.env.public_url
        say = self.console.print
        say(f"\n[bold green]Hubcache runs at {url}[/]")
        key = ""
        if self.plan.github is GitHub.SANDBOX:
            say(
                "This is the [bold]sandbox GitHub[/] with a made-up organisation, since no GITHUB_TOKEN is set; "
                "reading needs no key."
            )
            say("For the real one: GITHUB_TOKEN=… HUBCACHE_ORG=your-organisation make run")
        else:
            key = ' -H "Authorization: Bearer $HUBCACHE_KEY"'
            if not organisation:
                say("No organisation is indexed yet: set HUBCACHE_ORG, or run manage.py sync ORGANISATION.")
        name = organisation or "ORGANISATION"
        say(f"Open {url} for search, {url}/docs for the API, {url}/admin/ for the admin.\nTry:")
        say(f"  curl{key} '{url}/api/v3/orgs/{name}/repos?per_page=2'", markup=False)
        say(f"  curl{key} '{url}/api/v1/search?q=trigger:push&per_page=2'", markup=False)
        say(f"  curl{key} '{url}/api/v1/rate-limits/status'", markup=False)
        say(f"Logs are in {self.folder / 'log'}. Ctrl-C ends everything.")

    def _child(self, name: str, command: list[str]) -> None:
        self.supervisor.start(Child(name, command, self.environ, self.folder / "log" / f"{name}.log"))

    def _manage(self, *command: str) -> None:
        """Runs a management command to its end, in the children's environment, in the foreground."""
        # What goes well stays quiet here: a progress bar and log lines would garble each other.
        environ = {**self.environ, "HUBCACHE_LOG_LEVEL": max(self.env.HUBCACHE_LOG_LEVEL, "WARNING", key=_severity)}
        with subprocess.Popen([PYTHON, MANAGE, *command], env=environ, start_new_session=True) as process:
            try:
                code = process.wait()
            except BaseException:
                process.terminate()
                raise
        if code:
            # The command itself has said what is wrong.
            raise SystemExit(code)

    def _need_port(self, host: str, port: int, setting: str) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CommandError(
                    f"Port {port} on {host} cannot be used ({error.strerror}): "
                    f"stop what listens there, or set {setting}."
                ) from error

    def _wait(self, what: str, name: str, ready: Any) -> None:
        deadline = time.monotonic() + START_SECONDS
        log = self.folder / "log" / f"{name}.log"
        while time.monotonic() < deadline:
            child = next(child for child in self.supervisor.children if child.name == name)
            if child.process is not None and child.process.poll() is not None:
                raise CommandError(f"{what} ended at once. The end of {log}:\n{tail(log)}")
            try:
                if ready():
                    return
            except (OSError, requests.RequestException):
                pass
            time.sleep(0.05)
        raise CommandError(f"{what} did not answer within {START_SECONDS:.0f} s. The end of {log}:\n{tail(log)}")


def _severity(level: str) -> int:
    return logging.getLevelNamesMapping()[level]


def _accepts(path: Any) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))
    return True


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt
