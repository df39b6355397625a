"""The watch over the whole run sees what it is there to see, wherever it is told."""

import logging
from pathlib import Path

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse

from tests import canaries


def test_a_log_line() -> None:
    logging.getLogger("hubcache.test").info("asked as %s", canaries.SECRET)

    assert seen() == ["a log line"]


@pytest.mark.django_db
def test_what_is_written_into_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [canaries.SECRET])

    assert seen() == ["a statement"]


@pytest.mark.parametrize("answer", [HttpResponse("ghp_sandbox_dev_1"), HttpResponse(headers={"X-As": "ghp_sandbox_1"})])
def test_an_answer(answer: HttpResponse) -> None:
    canaries.Answers(lambda _request: answer)(HttpRequest())

    assert seen() == ["the answer to "]


def test_a_file_that_a_process_left(tmp_path: Path) -> None:
    (tmp_path / "some.log").write_text(f"started with {canaries.SECRET}")
    canaries.look_through(tmp_path)
    (tmp_path / "some.log").unlink()

    assert seen() == [str(tmp_path / "some.log")]


def test_nothing_where_nothing_is_told(tmp_path: Path) -> None:
    logging.getLogger("hubcache.test").info("asked as the pool")

    assert seen() == []


def seen() -> list[str]:
    """Where something was found, which is then forgotten."""
    places = [each.partition(":")[0] for each in canaries.found]
    canaries.found.clear()
    return places
