"""How far a pool's quotas reach: tokens of several users add up, tokens of one user do not, and nothing is refused."""

import pytest
from pytest_django import Settings

from github_cache.upstream import calls
from github_cache.upstream.protocol import Call, Reply
from github_sandbox.server import Handle
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

from .conftest import ADMIN, ADMIN_TOO, DEV, GUEST, ORG, use_tokens

QUOTA = 100


def calls_until_waiting(sandbox: Handle) -> int:
    sandbox.world.limits.change(core=QUOTA)
    answered = 0
    while isinstance(reply := calls.send(Call("GET", f"/orgs/{ORG}"), tenant="default", lane=Lane.INTERACTIVE), Reply):
        assert reply.status == 200
        answered += 1
    assert isinstance(reply, Wait)
    return answered


def refusals(sandbox: Handle) -> list[object]:
    return [entry for entry in sandbox.ledger.entries() if entry["status"] != 200]


@pytest.mark.parametrize(
    ("tokens", "least", "most"),
    [
        ((ADMIN,), QUOTA, QUOTA),
        ((ADMIN, DEV, GUEST), 2.95 * QUOTA, 3 * QUOTA),
        # Each token was asked once whose it is.
        ((ADMIN, ADMIN_TOO), QUOTA - 2, QUOTA),
    ],
    ids=["one", "three users", "one user's two"],
)
def test_calls_until_nothing_is_left(
    sandbox: Handle, settings: Settings, tokens: tuple[str, ...], least: float, most: float
) -> None:
    use_tokens(settings, *tokens)
    assert least <= calls_until_waiting(sandbox) <= most
    assert refusals(sandbox) == []
