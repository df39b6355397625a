"""Webhook payloads have the fields that recorded ones of the same event and action have."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from github_sandbox import changes
from github_sandbox.bodies.urls import Urls
from github_sandbox.entities import Account, Repository
from github_sandbox.payloads import payload_of
from github_sandbox.world import Happening, World
from tests.sandbox.conftest import small_world

Do = Callable[[World, Repository, Account], object]
DOINGS: dict[tuple[str, str | None], Do] = {
    ("push", None): lambda w, r, a: changes.push(w, r, a, {"x": b"y"}, "Add"),
    ("issues", "opened"): lambda w, r, a: changes.create_issue(w, r, a, "New", None, []),
    ("issues", "labeled"): lambda w, r, a: changes.set_labels(w, r, a, r.issues[2], ["bug"]),
    ("issues", "edited"): lambda w, r, a: changes.edit_issue(w, r, a, r.issues[1], {"title": "Else"}),
    ("issues", "locked"): lambda w, r, a: changes.lock(w, r, a, r.issues[1]),
    ("issue_comment", "created"): lambda w, r, a: changes.comment(w, r, a, r.issues[1], "Yes"),
    ("repository", "edited"): lambda w, r, a: changes.edit_repository(w, r, a, {"description": "Else"}),
    ("repository", "renamed"): lambda w, r, a: changes.edit_repository(w, r, a, {"name": "hallo"}),
    ("repository", "privatized"): lambda w, r, a: changes.edit_repository(w, r, a, {"private": True}),
    ("star", "created"): lambda w, r, a: changes.star(w, r, a),
    ("watch", "started"): lambda w, r, a: changes.star(w, r, a),
}
OPTIONAL = {"installation", "custom_properties", "draft", "changes"}
"""What only Apps' deliveries, some organisations', pull requests' or transfers' have."""


@pytest.mark.parametrize(("event", "action"), DOINGS)
def test_a_payload_has_the_recorded_fields(event: str, action: str | None, test_data: Path) -> None:
    world = small_world()
    told: list[Happening] = []
    world.listeners.append(told.append)
    hello = world.find_repository(None, "octo", "hello")
    assert hello is not None
    DOINGS[event, action](world, hello, world.accounts["octo-admin"])
    ours = next(
        body
        for happening in told
        if happening.event == event
        and (body := payload_of(happening, Urls(world.api_url, world.html_url))).get("action") == action
    )
    recorded = [
        body
        for body in json.loads((test_data / "webhooks" / f"{event}.json").read_text())
        if body.get("action") == action and (event != "push" or body["commits"])
    ]
    assert recorded
    for theirs in recorded:
        assert _missing(theirs, ours) == []
    assert ("changes" in ours) == (action in ("edited", "renamed"))


def _missing(theirs: dict[str, Any], ours: dict[str, Any], at: str = "") -> list[str]:
    gone = [f"{at}{key}" for key in theirs.keys() - ours.keys() - OPTIONAL]
    for key in theirs.keys() & ours.keys():
        one, other = theirs[key], ours[key]
        if key != "changes" and isinstance(one, dict) and isinstance(other, dict):
            gone += _missing(one, other, f"{at}{key}.")
    return gone
