"""Made-up repositories and automations from a seed, and the slow, obvious way to count them."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from stats.automations import AutomationRecord, read_file
from stats.documents import automation_facets, repository_facets, repository_value
from stats.vocabulary import FACETS

OBSERVED = datetime(2026, 11, 20, 12, tzinfo=UTC)
_ACTIONS = [f"{owner}/{name}" for owner in ("actions", "docker", "acme") for name in ("checkout", "cache", "setup-go")]


def repository(number: int, **more: Any) -> dict[str, Any]:
    """A repository as the gateway gives it."""
    name = more.pop("name", f"project-{number}")
    return {
        "id": number,
        "name": name,
        "full_name": f"acme/{name}",
        "owner": {"login": "acme", "type": "Organization"},
        "description": f"The project of number {number}",
        "html_url": f"https://github.com/acme/{name}",
        "default_branch": "main",
        "visibility": "public",
        "private": False,
        "fork": False,
        "archived": False,
        "license": "MIT",
        "topics": ["infra"],
        "languages": {"Go": 100},
        "stargazers_count": number,
        "forks_count": 0,
        "open_issues_count": 0,
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2026-11-01T00:00:00Z",
        "pushed_at": "2026-11-01T00:00:00Z",
        **more,
    }


def workflow(
    name: str = "CI",
    on: Iterable[str] = ("push",),
    uses: Iterable[str] = ("actions/checkout@v4",),
    runner: str = "ubuntu-latest",
) -> str:
    """The text of a workflow file."""
    steps = "".join(f"\n      - uses: {reference}" for reference in uses) or " []"
    return f"name: {name}\non: [{', '.join(on)}]\njobs:\n  job:\n    runs-on: {runner}\n    steps:{steps}\n"


@dataclass(frozen=True)
class Sample:
    """A repository and its files, as they would be fetched."""

    given: dict[str, Any]
    files: dict[str, str]


def organisation(repositories: int, automations_each: int, seed: int = 7) -> list[Sample]:
    """Skewed like a real one: a few triggers and actions are everywhere, most are rare."""
    chance = random.Random(seed)
    samples = []
    for number in range(1, repositories + 1):
        pushed = datetime(2026, 11, 1, tzinfo=UTC) - timedelta(hours=chance.randrange(9_000))
        given = repository(
            number,
            visibility=chance.choice(["public", "public", "private"]),
            archived=chance.random() < 0.1,
            license=chance.choice(["MIT", "Apache-2.0", None]),
            topics=chance.sample(["infra", "web", "data", "bots"], chance.randrange(3)),
            languages={name: chance.randrange(1, 9_999) for name in chance.sample(["Go", "Rust", "Python", "C"], 2)},
            pushed_at=pushed.isoformat().replace("+00:00", "Z"),
        )
        files = {}
        for index in range(automations_each):
            uses = {f"{chance.choice(_ACTIONS)}@{chance.choice(['v3', 'v4', 'a' * 40])}" for _ in range(3)}
            files[f".github/workflows/flow-{index}.yml"] = workflow(
                name=f"{chance.choice(['Build', 'Test', 'Deploy', 'Lint'])} part {index}",
                on=sorted({chance.choice(["push", "push", "pull_request", "schedule"]) for _ in range(2)}),
                uses=sorted(uses),
                runner=chance.choice(["ubuntu-latest", "windows-latest", "self-hosted"]),
            )
        samples.append(Sample(given, files))
    return samples


Row = dict[str, set[str]]


def rows(samples: Iterable[Sample]) -> list[Row]:
    """One row per automation: facet -> its values, those of its repository among them."""
    made = []
    for sample in samples:
        of_repository = repository_facets(repository_value(sample.given))
        for path, text in sample.files.items():
            reading = read_file(path, text)
            assert isinstance(reading, tuple)
            for record in reading:
                made.append(row(record, of_repository))
    return made


def row(record: AutomationRecord, of_repository: Iterable[tuple[str, str]]) -> Row:
    """The facet values of one automation."""
    found: Row = {facet: set() for facet in FACETS}
    for facet, value in automation_facets(record):
        found[facet].add(value)
    for facet, value in of_repository:
        if facet != "kind":
            found[facet].add(value)
    return found


def counted(rows: Iterable[Row], keep: Callable[[Row], bool], facet: str) -> Counter[str]:
    """How many of the rows that `keep` lets through have each value."""
    return Counter(value for one in rows if keep(one) for value in one[facet])
