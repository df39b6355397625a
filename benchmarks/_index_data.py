"""An index of any size from a seed, skewed like real ones, written in bulk, and the same as ordinary related rows."""

import random
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db import connection, models, transaction

from benchmarks._ordinary_way import LINKS, NaiveAutomation, NaiveRepository, NaiveValue, create_tables
from github_cache.models import Tenant
from stats import text_index
from stats.automations.records import AutomationRecord
from stats.documents import (
    automation_document,
    automation_facets,
    repository_document,
    repository_facets,
    repository_value,
)
from stats.loading import automation_doc, repository_doc
from stats.models import Automation, DailyRollup, FacetValue, IndexGeneration, Repository

TENANT = "bench"
EACH = 10  # automations of a repository
OBSERVED = datetime(2026, 11, 20, tzinfo=UTC)
_CHUNK = 500  # repositories written at once

WORDS = [
    f"{a}{b}" for a in ("build", "test", "deploy", "lint", "sync", "scan", "publish", "notify") for b in range(250)
]
TRIGGERS = [f"event_{n}" for n in range(40)]
ACTIONS = [f"owner{n % 90}/action{n}@v{n % 5}" for n in range(2_000)]
BLUEPRINTS = [f"owner{n % 30}/shared/.github/workflows/flow{n}.yml@v1" for n in range(300)]
LANGUAGES = [f"Language{n}" for n in range(20)]
TOPICS = [f"topic-{n}" for n in range(500)]


class Chance(random.Random):
    """Draws with a skew: the first values are everywhere, most are rare."""

    def skewed(self, values: list[str]) -> str:
        return values[min(int(self.paretovariate(0.6)) - 1, self.randrange(len(values)))]

    def some(self, values: list[str], most: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.skewed(values) for _ in range(self.randint(1, most))))


def given(number: int, chance: Chance) -> dict[str, object]:
    """A repository as the gateway gives it."""
    name = f"{chance.skewed(WORDS)}-{number}"
    return {
        "id": number,
        "full_name": f"bench/{name}",
        "owner": {"login": f"team{number % 40}"},
        "description": " ".join(chance.some(WORDS, 6)),
        "html_url": f"https://github.com/bench/{name}",
        "default_branch": "main",
        "visibility": chance.choice(["public", "private"]),
        "private": False,
        "archived": chance.random() < 0.1,
        "license": chance.choice(["MIT", "Apache-2.0", "GPL-3.0", None]),
        "topics": chance.some(TOPICS, 5),
        "languages": {language: chance.randrange(1, 99_999) for language in chance.some(LANGUAGES, 4)},
        "pushed_at": OBSERVED - timedelta(minutes=chance.randrange(500_000)),
    }


def record(index: int, chance: Chance) -> AutomationRecord:
    """A workflow of that repository."""
    return AutomationRecord(
        kind=chance.choice(["github_actions", "github_actions", "home_assistant"]),
        name=" ".join(chance.some(WORDS, 4)),
        path=f".github/workflows/flow-{index}.yml",
        line=1,
        triggers=chance.some(TRIGGERS, 3),
        actions=chance.some(ACTIONS, 5),
        blueprints=chance.some(BLUEPRINTS, 1) if chance.random() < 0.2 else (),
        runners=chance.some(["ubuntu-latest", "windows-latest", "macos-14"], 2),
        pinned=False,
    )


def files(number: int, seed: int) -> dict[str, str]:
    """The files of a repository with automations as above, for indexing it the ordinary way."""
    chance = Chance(seed)
    made = {}
    for index in range(EACH):
        one = record(index, chance)
        steps = "".join(f"\n      - uses: {action}" for action in one.actions)
        made[one.path] = (
            f"name: {one.name}\non: [{', '.join(one.triggers)}]\njobs:\n"
            f"  job:\n    runs-on: ubuntu-latest\n    steps:{steps}\n"
        )
    return made


def queries(rounds: int, seed: int) -> dict[str, list[dict[str, list[str]]]]:
    """Parameters by kind of query; every one of them another."""
    chance = Chance(seed)

    def filters(count: int) -> dict[str, list[str]]:
        every = {
            "trigger": [chance.skewed(TRIGGERS)],
            "language": [chance.skewed(LANGUAGES)],
            "action": [chance.skewed(ACTIONS).partition("@")[0]],
        }
        return {name: every[name] for name in chance.sample(sorted(every), count)}

    def word() -> str:
        """Every other one is on everyone's lips, the others are any word there is."""
        return chance.skewed(WORDS) if chance.random() < 0.5 else chance.choice(WORDS)

    return {
        "no filter": [{} for _ in range(rounds)],
        "one filter": [filters(1) for _ in range(rounds)],
        "three filters": [filters(3) for _ in range(rounds)],
        "text": [{"q": [word()]} for _ in range(rounds)],
        "text and filter": [{"q": [word()], **filters(1)} for _ in range(rounds)],
    }


def write(automations: int, seed: int = 7) -> None:
    """Fill the index with so many automations, and beside it the ordinary rows with the same content."""
    create_tables()
    Tenant.objects.create(slug=TENANT)
    ids: dict[tuple[str, str], int] = {}
    chance = Chance(seed)
    numbers = iter(range(1, automations // EACH + 1))
    while chunk := list(islice(numbers, _CHUNK)):
        with transaction.atomic():
            _write(chunk, chance, ids)
    days = [OBSERVED.date() - timedelta(days=day) for day in range(365)]
    counts = {"repositories": automations // EACH, "automations": automations}
    DailyRollup.objects.bulk_create(DailyRollup(tenant_id=TENANT, day=day, **counts) for day in days)
    IndexGeneration.objects.create(tenant_id=TENANT, value=automations // EACH)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _write(numbers: list[int], chance: Chance, ids: dict[tuple[str, str], int]) -> None:
    values = [repository_value(given(number, chance)) for number in numbers]
    records = {number: [record(index, chance) for index in range(EACH)] for number in numbers}
    facets = [repository_facets(value) for value in values]
    facets += [automation_facets(one) for some in records.values() for one in some]
    new = sorted({value for some in facets for value in some} - ids.keys())
    rows = FacetValue.objects.bulk_create([FacetValue(tenant_id=TENANT, facet=f, value=v) for f, v in new])
    ids |= {(row.facet, row.value): row.pk for row in rows}

    repositories, naive_repositories, documents = [], [], {}
    for number, value in zip(numbers, values, strict=True):
        fields = {name: getattr(value, name) for name in value.__slots__}
        facet_ids = ",".join(str(ids[facet]) for facet in repository_facets(value))
        more = {"newest_at": value.newest_at, "observed_at": OBSERVED, "generation": number, "facet_ids": facet_ids}
        repositories.append(Repository(pk=number, tenant_id=TENANT, **fields, **more))
        columns = {name: getattr(value, name) for name in ("owner", "licence", "visibility", "archived", "fork")}
        naive_repositories.append(NaiveRepository(pk=number, **columns))
        documents[repository_doc(number)] = repository_document(value)
    Repository.objects.bulk_create(repositories)
    automations, naive = [], []
    links: dict[str, list[tuple[int, int]]] = {name: [] for name in LINKS}
    for row in repositories:
        for index, one in enumerate(records[row.pk]):
            key = (row.pk - 1) * EACH + index + 1
            bare = automation_facets(one)
            automations.append(_automation(key, row, one, ",".join(str(ids[facet]) for facet in bare)))
            naive.append(NaiveAutomation(pk=key, repository_id=row.pk, kind=one.kind, name=one.name, pinned=one.pinned))
            documents[automation_doc(key)] = automation_document(one, row.full_name)
            for pair in bare:
                if f"{pair[0]}s" in links:
                    links[f"{pair[0]}s"].append((key, ids[pair]))
    Automation.objects.bulk_create(automations)
    text_index.replace(documents, ())
    NaiveValue.objects.bulk_create([NaiveValue(pk=row.pk, name=row.value) for row in rows])
    NaiveRepository.objects.bulk_create(naive_repositories)
    NaiveAutomation.objects.bulk_create(naive)
    for name, pairs in links.items():
        _link(getattr(NaiveAutomation, name).through, "naiveautomation_id", pairs)
    for name, facet in (("languages", "language"), ("topics", "topic")):
        pairs = [
            (row.pk, ids[pair])
            for row, some in zip(repositories, facets, strict=False)
            for pair in some
            if pair[0] == facet
        ]
        _link(getattr(NaiveRepository, name).through, "naiverepository_id", pairs)


def _automation(key: int, row: Repository, one: AutomationRecord, facet_ids: str) -> Automation:
    return Automation(
        pk=key,
        tenant_id=TENANT,
        repository=row,
        kind=one.kind,
        name=one.name,
        path=one.path,
        triggers=one.triggers,
        actions=one.actions,
        blueprints=one.blueprints,
        runners=one.runners,
        pinned=one.pinned,
        digest="",
        facet_ids=facet_ids,
        newest_at=row.newest_at,
    )


def _link(through: type[models.Model], owner: str, pairs: list[tuple[int, int]]) -> None:
    through.objects.bulk_create([through(**{owner: key, "naivevalue_id": value}) for key, value in pairs])
