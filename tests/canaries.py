"""Watches the whole run: no secret that the suites use is told anywhere.

The sandbox's tokens are what Hubcache and its callers use in every suite, and the webhooks' secrets bear CANARY. They
are looked for in every log line, SQL statement and answer as these come, in every command that a Redis was sent (its
append-only file), and at the end in the metrics and in every file that a process left: logs, databases, queues. The
test in which one is found fails, or the last one of the run.
"""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.backends.signals import connection_created
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config import running

SECRET = "CANARY, the secret of the webhooks"
PLANTED = re.compile(rb"ghp_sandbox|ghs_sandbox|CANARY")
found: list[str] = []
"""Where one was found, and what stands round it."""


def look(place: str, told: bytes | str) -> None:
    """Notes it where something was told that nobody may be told."""
    text = told if isinstance(told, bytes) else told.encode("utf-8", "replace")
    if hit := PLANTED.search(text):
        found.append(f"{place}: {text[max(hit.start() - 100, 0) : hit.end()]!r}")


def look_through(folder: Path) -> None:
    """The same for every file below a folder. The sandbox says at its start which tokens it takes, and `manage.py up`
    tells its owner's other shells the one that it uses: a killed one leaves that behind."""
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink() and file.name not in ("sandbox.log", running.NAME):
            look(str(file), file.read_bytes())


class Lines(logging.Handler):
    """Every log line as it is written."""

    def emit(self, record: logging.LogRecord) -> None:
        look("a log line", self.format(record))


class Answers:
    """A middleware outside all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        look(f"the answer to {request.path}", str(response.headers))
        if not response.streaming:
            look(f"the answer to {request.path}", response.content)
        return response


def _statement(execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any) -> Any:
    look(f"a statement: {sql[:200]}", repr(params))
    return execute(sql, params, many, context)


def _connected(connection: Any, **_: Any) -> None:
    if _statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(_statement)


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    settings.MIDDLEWARE = [f"{__name__}.Answers", *settings.MIDDLEWARE]
    connection_created.connect(_connected)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    root = logging.getLogger()
    handler = Lines()
    handler.setFormatter(next(each.formatter for each in root.handlers if each.formatter))
    root.addHandler(handler)
    try:
        return (yield)
    finally:
        root.removeHandler(handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    yield
    _complain()


@pytest.fixture(scope="session", autouse=True)
def _what_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    yield
    from prometheus_client import REGISTRY, generate_latest

    look("the metrics", generate_latest(REGISTRY))
    look_through(tmp_path_factory.getbasetemp())
    look_through(settings.HUBCACHE_DATA_DIR)
    _complain()


def _complain() -> None:
    told, found[:] = found[:], []
    assert told == [], "a secret was told"
