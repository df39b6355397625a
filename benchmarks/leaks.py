"""Mixed requests by 20 identities while repositories become private and members are removed: who is given too much?

19 GitHub tokens of ten people and an API key ask two web processes for public and private repositories by the
GitHub-compatible surface, GraphQL and the typed API. Between batches somebody's rights change at GitHub, which tells
the hook; what is given out after that to whom GitHub would not show it is a leak. Demands: none.
"""

import argparse
import random
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks._running_hub import SECRET, Hub
from github_sandbox import changes
from github_sandbox.entities import Account, Repository, Token
from github_sandbox.sample import sample_accounts
from github_sandbox.server import Handle, serve
from github_sandbox.world import Happening, World

ORG = "octo-sample"
PEOPLE, REPOSITORIES, BATCH, THREADS = 10, 8, 25, 8
SURFACES = (
    "/api/v3/repos/{full_name}",
    "/api/v3/repos/{full_name}/issues",
    "/api/v3/repos/{full_name}/labels",
    "/api/v3/repositories/{id}/issues",
    "/api/v1/github/{full_name}/info",
    "/api/v1/github/{full_name}/issues",
    "graphql",
)
QUERY = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { databaseId description } }"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and as whom GitHub is asked."""

    name: str
    account: Account
    headers: dict[str, str]


def main(options: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks leaks", description=__doc__)
    parser.add_argument("--requests", type=int, default=2_500)
    parser.add_argument("--seed", type=int, default=1)
    wish = parser.parse_args(options)
    world = World()
    people = _people(world)
    with serve(world) as github, tempfile.TemporaryDirectory(prefix="hubcache-bench-") as folder:
        world.limits.change(core=10**7, graphql=10**7, rest_points=10**7, graphql_points=10**7, core_anonymous=10**7)
        settings = {"GITHUB_API_URL": github.url, "RATELIMIT_AUTHENTICATED_REQUESTS": "1000000"}
        with Hub(Path(folder), parts=("web",), **settings) as hub:
            _hook(world, hub)
            key = next(word for word in hub.manage("create_api_key", "leaks").split() if word.startswith("hc_"))
            identities = [
                *(Identity(token.account.login, token.account, _token(token)) for token in people),
                Identity("API key", world.accounts["octo-admin"], {"X-Api-Key": key}),
            ]
            return _run(github, hub, identities, wish.requests, random.Random(wish.seed))


def _people(world: World) -> list[Token]:
    """Two tokens for each of ten people, but for the last; half of them are members at first."""
    org = sample_accounts(world, ORG)
    admin = world.accounts["octo-admin"]
    tokens = []
    for number in range(PEOPLE):
        account = world.add_account(Account(9201 + number, f"person-{number}"))
        tokens += [world.add_token(Token(f"ghp_sandbox_person_{number}_{each}", account, ("repo",))) for each in (1, 2)]
        if number % 2:
            org.members[account.login] = "member"
    for number in range(REPOSITORIES):
        wish = {"private": bool(number % 2), "description": f"Of repository {number} only"}
        repository = changes.create_repository(world, org, admin, f"project-{number}", wish)
        changes.create_issue(world, repository, admin, f"Issue of {number}", "Not for everybody", [])
    return tokens[:-1]


def _token(token: Token) -> dict[str, str]:
    return {"Authorization": f"token {token.value}"}


def _hook(world: World, hub: Hub) -> None:
    hook = {"config": {"url": f"{hub.url}/api/v1/webhooks/github", "secret": SECRET}, "events": ["*"]}
    headers = {"Authorization": "token ghp_sandbox_admin_1"}
    requests.post(f"{hub.github}/orgs/{ORG}/hooks", json=hook, headers=headers, timeout=10).raise_for_status()


def _run(github: Handle, hub: Hub, identities: list[Identity], number: int, dice: random.Random) -> int:
    world = github.world
    repositories = list(world.repositories.values())
    statuses: Counter[int] = Counter()
    outcomes: Counter[str] = Counter()
    revoked = 0
    leaks: list[str] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(number // BATCH):
            revoked += _change(world, dice.choice(repositories), dice)
            github.drain()
            asks = [(dice.choice(identities), dice.choice(repositories), dice.choice(SURFACES)) for _ in range(BATCH)]
            answers = pool.map(lambda ask: _ask(hub, *ask), asks)
            for (who, repository, surface), (status, outcome, shown) in zip(asks, answers, strict=True):
                statuses[status] += 1
                outcomes[outcome if shown else "not shown"] += 1
                if shown and not world.can_read(who.account, repository):
                    leaks.append(f"{who.name} was shown {repository.full_name} by {surface} ({outcome})")
    print(f"{number:,} requests by {len(identities)} identities, rights taken away {revoked} times on the way")
    print(f"statuses {dict(statuses.most_common())}; shown: {dict(outcomes.most_common())}")
    for leak in leaks[:10]:
        print(f"  {leak}")
    print(f"leaks: {len(leaks)} (demanded: 0)")
    return int(bool(leaks))


def _change(world: World, repository: Repository, dice: random.Random) -> bool:
    """Changes who may see what; whether somebody lost a right by it."""
    org, admin = repository.owner, world.accounts["octo-admin"]
    login = f"person-{dice.randrange(PEOPLE)}"
    turn = dice.random()
    with world.lock:
        if turn < 0.5:
            changes.edit_repository(world, repository, admin, {"private": not repository.private})
            return repository.private
        if turn < 0.75:
            removed = org.members.pop(login, None) is not None
            if not removed:
                org.members[login] = "member"
            body = {"action": "member_removed" if removed else "member_added", "membership": {"user": {"login": login}}}
            world.happened(Happening("organization", body, admin, None, org))
            return removed
        removed = repository.collaborators.pop(login, None) is not None
        if not removed:
            repository.collaborators[login] = "pull"
        body = {"action": "removed" if removed else "added", "member": {"login": login}}
        world.happened(Happening("member", body, admin, repository, org))
        return removed


def _ask(hub: Hub, who: Identity, repository: Repository, surface: str) -> tuple[int, str, bool]:
    """Status, X-Cache, and whether the repository was shown."""
    if surface == "graphql":
        body = {"query": QUERY, "variables": {"owner": ORG, "name": repository.name}}
        answer = requests.post(f"{hub.url}/api/graphql", json=body, headers=who.headers, timeout=30)
        shown = answer.status_code == 200 and bool((answer.json().get("data") or {}).get("repository"))
    else:
        path = surface.format(full_name=repository.full_name, id=repository.id)
        answer = requests.get(f"{hub.url}{path}", headers=who.headers, timeout=30)
        shown = answer.status_code == 200
    return answer.status_code, answer.headers.get("X-Cache", "none"), shown
