"""Facet counts: equal to counting one by one, whatever is chosen; over both databases."""

import itertools

import pytest

from stats.counting import Audience
from stats.facets import facets, values_of
from stats.filters import parse_query
from stats.indexing import index_repository
from stats.snapshots import current
from stats.vocabulary import FACETS
from tests.stats.samples import OBSERVED, Row, counted, organisation, repository, rows, workflow

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
EVERY = 1_000


def _listed(answer: dict, facet: str) -> dict[str, int]:
    return {item["value"]: item["count"] for item in answer["facets"][facet] if item["count"]}


@pytest.fixture
def sample(tenant):
    samples = organisation(40, 5)
    for one in samples:
        index_repository(tenant, one.given, one.files, OBSERVED)
    return rows(samples)


CHOICES = [
    {},
    {"trigger": ["push"]},
    {"trigger": ["push", "schedule"]},
    {"language": ["Go"]},
    {"language": ["go", "rust"], "runner": ["ubuntu-latest"]},
    {"action": ["actions/checkout"], "visibility": ["public"], "archived": ["false"]},
    {"action_version": ["docker/cache@v3"], "topic": ["web", "infra"], "licence": ["MIT"], "trigger": ["push"]},
    {"pinned": ["true"]},
    {"trigger": ["nowhere"]},
]


@pytest.mark.parametrize("choices", CHOICES, ids=str)
def test_every_count_equals_counting_one_by_one(tenant, sample, choices):
    answer = facets(current(tenant), parse_query(choices), Audience.TENANT, EVERY)

    def holds(row: Row, facet: str) -> bool:
        wanted = {value.lower() for value in choices[facet]}
        return any(value.lower() in wanted for value in row[facet])

    assert answer["total"] == sum(all(holds(row, facet) for facet in choices) for row in sample)
    for facet in FACETS.values():
        if facet.listed:
            others = [other for other in choices if other != facet.name]
            expected = counted(sample, lambda row, others=others: all(holds(row, o) for o in others), facet.name)
            assert _listed(answer, facet.name) == dict(expected), facet.name


def test_not_narrows_every_facet(tenant, sample):
    answer = facets(current(tenant), parse_query({"q": ["-language:go -trigger:push"]}), Audience.TENANT, EVERY)
    kept = [row for row in sample if "Go" not in row["language"] and "push" not in row["trigger"]]
    assert answer["total"] == len(kept)
    assert _listed(answer, "action") == dict(counted(kept, lambda row: True, "action"))
    assert "push" not in _listed(answer, "trigger")


def test_a_version_may_be_chosen_as_an_action_beside_a_bare_one(tenant, sample):
    query = parse_query({"q": ["action:actions/checkout@v4"], "action": ["docker/cache"]})
    expected = [
        row for row in sample if "actions/checkout@v4" in row["action_version"] or "docker/cache" in row["action"]
    ]
    answer = facets(current(tenant), query, Audience.TENANT, EVERY)
    assert answer["total"] == len(expected)
    chosen = {
        item["value"] for facet in ("action", "action_version") for item in answer["facets"][facet] if item["selected"]
    }
    assert chosen == {"actions/checkout@v4", "docker/cache"}


def test_text_narrows_what_is_counted(tenant, sample):
    answer = facets(current(tenant), parse_query({"q": ["deploy part"]}), Audience.TENANT, EVERY)
    assert 0 < answer["total"] < len(sample)
    assert sum(_listed(answer, "kind").values()) == answer["total"]


def test_the_public_is_not_counted_what_is_private(tenant, sample):
    answer = facets(current(tenant), parse_query({}), Audience.PUBLIC, EVERY)
    shown = [row for row in sample if row["visibility"] == {"public"}]
    assert answer["total"] == len(shown)
    assert _listed(answer, "visibility") == {"public": len(shown)}
    assert _listed(answer, "language") == dict(counted(shown, lambda row: True, "language"))


def test_top_values_say_how_many_more_there_are(tenant, sample):
    answer = facets(current(tenant), parse_query({}), Audience.TENANT, 2)
    everything = counted(sample, lambda row: True, "action_version")
    assert [item["count"] for item in answer["facets"]["action_version"]] == sorted(everything.values())[:-3:-1]
    assert answer["more"]["action_version"] == len(everything) - 2
    assert "kind" not in answer["more"]


def test_a_chosen_value_stays_listed_even_where_it_counts_nothing(tenant, sample):
    answer = facets(current(tenant), parse_query({"trigger": ["nowhere"]}), Audience.TENANT, 1)
    assert answer["facets"]["trigger"][1:] == [{"value": "nowhere", "count": 0, "selected": True}]


def test_repositories_are_counted_only_where_their_kind_is_chosen(tenant, sample):
    answer = facets(current(tenant), parse_query({"kind": ["repository"]}), Audience.TENANT, EVERY)
    assert answer["total"] == 40
    assert sum(_listed(answer, "owner").values()) == 40
    assert "repository" not in _listed(facets(current(tenant), parse_query({}), Audience.TENANT, EVERY), "kind")


def test_values_of_one_facet_by_their_beginning(tenant, sample):
    answer = values_of(current(tenant), parse_query({}), Audience.TENANT, "action", "CHECK", EVERY)
    assert {item["value"] for item in answer["values"]} == {f"{o}/checkout" for o in ("actions", "docker", "acme")}
    assert answer["more"] == 0


def test_a_value_may_be_chosen_by_its_beginning(tenant, sample):
    answer = facets(current(tenant), parse_query({"q": ["action:docker/*"]}), Audience.TENANT, EVERY)
    assert answer["total"] == sum(any(v.startswith("docker/") for v in row["action"]) for row in sample)


def test_another_tenant_counts_nothing_of_it(tenant, sample):
    from github_cache.models import Tenant

    Tenant.objects.create(slug="other")
    index_repository("other", repository(1), {".github/workflows/a.yml": workflow(name="Deploy")}, OBSERVED)
    for query in ({}, {"q": ["deploy"]}, {"trigger": ["push"]}):
        answer = facets(current("other"), parse_query(query), Audience.TENANT, EVERY)
        assert answer["total"] == 1
        assert list(itertools.chain(*answer["facets"].values()))
