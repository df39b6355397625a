"""*pure*. The sample organisation: its people, tokens and repositories.

Exactly `automations` automations are spread over `repositories` repositories, most over few. The files are made when
they are first read, so a large organisation starts in no time. Times are counted back from a fixed day.
"""

import random
from dataclasses import dataclass
from functools import partial

from github_sandbox import changes
from github_sandbox.clock import Clock
from github_sandbox.entities import Account, File, Repository, Token
from github_sandbox.licences import LICENCES
from github_sandbox.sample.automations import home_assistant, workflow
from github_sandbox.sample.threads import add_issues
from github_sandbox.sample.words import ADJECTIVES, LANGUAGES, NOUNS, TOPICS, several, skewed
from github_sandbox.world import World

ANCHOR = 1_767_225_600
"""2026-01-01T00:00:00Z, when the sample organisation was last touched."""
DAY = 86400
ALL_SCOPES = ("admin:org", "admin:org_hook", "admin:repo_hook", "delete_repo", "notifications", "repo", "workflow")
_MOST_IN_A_FILE = 25


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How much there is: `issues` for each repository, about a quarter as many pull requests beside them."""

    repositories: int = 50
    automations: int = 500
    issues: int = 4
    seed: int = 1
    organization: str = "octo-sample"


def make_world(size: SampleSize, clock: Clock | None = None) -> World:
    world = World(clock or Clock())
    organization = sample_accounts(world, size.organization)
    dice = random.Random(f"{size.seed}:organization")
    counts = _shares(dice, size.automations, size.repositories)
    for index, automations in enumerate(counts):
        _add_repository(world, organization, size, index, automations)
    return world


def sample_accounts(world: World, organization: str) -> Account:
    """The organisation, its three people and their tokens; returns the organisation.

    `octo-admin` owns it, `octo-dev` is a member who may push, `octo-guest` sees what is public, and is let into the
    first private repository.
    """
    long_ago = ANCHOR - 3000 * DAY
    org = Account(9001, organization, "Organization", organization.replace("-", " ").title(), "A sample organisation")
    org.created_at, org.updated_at = long_ago, ANCHOR
    world.add_account(org)
    people = (("octo-admin", "Ada Admin"), ("octo-dev", "Dana Developer"), ("octo-guest", "Gil Guest"))
    for number, (login, name) in enumerate(people):
        account = Account(9101 + number, login, name=name, created_at=long_ago, updated_at=ANCHOR)
        world.add_account(account)
        for which in (1, 2):
            scopes = ALL_SCOPES if number < 2 else ("repo",)
            world.add_token(Token(f"ghp_sandbox_{login.removeprefix('octo-')}_{which}", account, scopes))
    org.members = {"octo-admin": "admin", "octo-dev": "member"}
    return org


def _shares(dice: random.Random, total: int, parts: int) -> list[int]:
    """*total* in *parts* shares, most of it in few, none of it lost."""
    if parts == 0:
        return []
    weights = [dice.paretovariate(1.2) for _ in range(parts)]
    scale = total / sum(weights)
    shares = [int(weight * scale) for weight in weights]
    for index in sorted(range(parts), key=lambda i: shares[i] - weights[i] * scale)[: total - sum(shares)]:
        shares[index] += 1
    return shares


def _add_repository(world: World, owner: Account, size: SampleSize, index: int, automations: int) -> None:
    dice = random.Random(f"{size.seed}:{index}")
    made = _repository(dice, owner, index)
    for label, colour, description in changes.DEFAULT_LABELS:
        changes.new_label(world, made, label, colour, description, default=True)
    world.add_repository(made)
    if index % 25 == 4:
        world.remember_former_name(made, f"old-{made.name}")
    if index == 3:
        made.collaborators["octo-guest"] = "pull"
    if made.fork:
        made.parent_id = next(iter(world.repositories))
    people = [account for account in world.accounts.values() if account.kind == "User"]
    _add_commits(dice, made, people[:2], _files(dice, made, size, index, automations))
    add_issues(world, made, dice, people, size.issues, ANCHOR)


def _repository(dice: random.Random, owner: Account, index: int) -> Repository:
    noun, adjective = NOUNS[index % len(NOUNS)], ADJECTIVES[index // len(NOUNS) % len(ADJECTIVES)]
    generation = index // (len(NOUNS) * len(ADJECTIVES))
    name = f"{adjective}-{noun}" + (f"-{generation + 1}" if generation else "")
    languages = several(dice, LANGUAGES, 5, 2)
    sizes = sorted((int(dice.paretovariate(0.8) * 2000) for _ in languages), reverse=True)
    created = ANCHOR - dice.randrange(200, 2500) * DAY
    pushed = ANCHOR - int(dice.random() ** 3 * 180 * DAY)
    return Repository(
        id=700_000_001 + index * 13,
        name=name,
        owner=owner,
        description=f"The {adjective} {noun} of the {dice.choice(('platform', 'product', 'home', 'data'))} team",
        visibility="private" if index % 10 == 3 else "public",
        fork=index % 20 == 7,
        homepage=None,
        size=sum(sizes) // 1024,
        languages=dict(zip(languages, sizes, strict=True)),
        topics=sorted(several(dice, TOPICS, 6, 2)),
        license=skewed(dice, (*LICENCES, None), 1.5),
        archived=index % 17 == 11,
        is_template=index % 40 == 9,
        has_issues=index % 30 != 14,
        stargazers=int(dice.paretovariate(0.7)) % 50_000,
        subscribers=int(dice.paretovariate(1.0)) % 2_000,
        forks=int(dice.paretovariate(0.9)) % 5_000,
        created_at=created,
        updated_at=pushed,
        pushed_at=pushed,
    )


def _files(dice: random.Random, made: Repository, size: SampleSize, index: int, automations: int) -> dict[str, File]:
    """The automations in files, and a few files beside them."""
    seed = f"{size.seed}:{index}"
    files = {"README.md": File(partial(_readme, made.name, made.description or ""))}
    if made.license not in (None, "other"):
        files["LICENSE"] = File(f"{LICENCES[made.license or ''][0]}\n".encode())
    if index % 6 != 5:
        for number in range(automations):
            service = NOUNS[(index + number * 7) % len(NOUNS)]
            path = f".github/workflows/{service}-{number + 1}.yml"
            files[path] = File(partial(workflow, f"{seed}:{number}", service))
        return files
    files["configuration.yaml"] = File(b"homeassistant:\n  name: Home\nautomation: !include automations.yaml\n")
    left, number = automations, 0
    while left > 0:
        count = min(left, dice.randrange(1, _MOST_IN_A_FILE + 1))
        path = "automations.yaml" if number == 0 else f"automations/part_{number}.yaml"
        files[path] = File(partial(home_assistant, f"{seed}:{number}", count))
        left, number = left - count, number + 1
    return files


def _add_commits(dice: random.Random, made: Repository, people: list[Account], files: dict[str, File]) -> None:
    """A first commit with the README, a second with all the rest."""
    readme = {"README.md": files["README.md"]}
    first = changes.new_commit(made, people[0], "Initial commit", made.created_at, readme, None)
    rest = {path: file for path, file in files.items() if path not in readme}
    author = dice.choice(people)
    tip = changes.new_commit(made, author, "Add automations", made.pushed_at, rest, first) if rest else first
    made.branches[made.default_branch] = tip


def _readme(name: str, description: str) -> bytes:
    return f"# {name}\n\n{description}.\n\n## Getting started\n\n    make run\n".encode()
