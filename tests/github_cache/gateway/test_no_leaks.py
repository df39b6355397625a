"""Many identities over repositories that change hands: nobody is given what GitHub would not show that identity."""

import random

import pytest

from github_cache import invalidation
from github_cache.keys import Scope
from github_sandbox import changes
from tests.github_cache.gateway.house import ADMIN, DEV, GUEST, TENANT, House

TOKENS = {name: [f"ghp_sandbox_{name}_{number}" for number in (1, 2)] for name in ("admin", "dev", "guest")}
SURFACES = (
    "/api/v3/repos/octo/{name}",
    "/api/v3/repos/octo/{name}/issues",
    "/api/v3/repos/octo/{name}/labels",
    "/api/v3/repositories/{number}/issues",
    "/api/v1/github/octo/{name}/info",
    "/api/v1/github/octo/{name}/issues",
)
STEPS = 250


@pytest.mark.parametrize("seed", range(3))
def test_mixed_requests_while_repositories_change_their_visibility(house: House, seed: int) -> None:
    dice = random.Random(seed)
    world = house.handle.world
    admin = world.accounts["octo-admin"]
    repositories = [house.repository("hello"), house.repository("secret")]
    leaks, hits = [], 0
    for _ in range(STEPS):
        repository = dice.choice(repositories)
        if dice.random() < 0.06:
            changes.edit_repository(world, repository, admin, {"private": not repository.private})
            invalidation.purge_scope(TENANT, Scope("repo", str(repository.id)))
            continue
        if dice.random() < 0.05:
            house.pass_time(dice.choice([10, 70, 400]))
        person = dice.choice(["admin", "dev", "guest", "key"])
        path = dice.choice(SURFACES).format(name=repository.name, number=repository.id)
        token = None if person == "key" else dice.choice(TOKENS[person])
        answer = house.get(path, token=token)
        account = admin if person == "key" else world.accounts[f"octo-{person}"]
        hits += answer.status_code == 200 and answer["X-Cache"] == "HIT"
        allowed = world.can_read(account, repository)
        if answer.status_code == 200 and not allowed:
            leaks.append((person, path))
        if allowed and answer.status_code != 200:
            assert answer.status_code in (403, 404, 429), (person, path, answer.status_code)
    assert leaks == []
    assert hits > STEPS / 10


def test_the_tokens_of_one_user_do_not_lend_each_other_private_bodies(house: House) -> None:
    house.get("/api/v3/repos/octo/secret/labels", token=ADMIN)
    other = TOKENS["admin"][1]
    assert house.get("/api/v3/repos/octo/secret/labels", token=other)["X-Cache"] == "MISS"
    for token in (DEV, GUEST):
        assert house.get("/api/v3/repos/octo/secret/labels", token=token)["X-Cache"] != "HIT"
