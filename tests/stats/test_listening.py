"""A change at GitHub rings for one indexing, once it is committed; what the index does not hold rings for nothing."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from github_cache.keys import Scope
from github_cache.signals import changed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue() -> Path:
    folder = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"])
    for file in folder.iterdir():
        file.unlink()
    return folder


def rung(queue: Path) -> list[list[Any]]:
    """The arguments of every task that was queued."""
    return [json.loads(b64decode(json.loads(file.read_text())["body"]))[0] for file in queue.iterdir()]


def send(scope: Scope, kind: str) -> None:
    changed.send(sender=None, tenant="acme", scope=scope, kind=kind)


@pytest.mark.parametrize("kind", ["meta", "languages", "workflows"])
def test_a_change_of_a_repository_rings(queue: Path, kind: str) -> None:
    send(Scope("repo", "17"), kind)
    assert rung(queue) == [["acme", 17]]


@pytest.mark.parametrize(
    ("scope", "kind"),
    [(Scope("repo", "17"), "issues"), (Scope("org", "3"), "meta"), (Scope("tenant", "acme"), "other")],
)
def test_what_the_index_does_not_hold_rings_for_nothing(queue: Path, scope: Scope, kind: str) -> None:
    send(scope, kind)
    assert rung(queue) == []


def test_it_rings_after_the_commit_and_not_after_a_rollback(queue: Path) -> None:
    with transaction.atomic():
        send(Scope("repo", "1"), "meta")
        assert rung(queue) == []
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        send(Scope("repo", "2"), "meta")
        raise ZeroDivisionError
    assert rung(queue) == [["acme", 1]]
