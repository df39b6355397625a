"""The index over HTTP: shapes, headers, caching, refusals."""

import pytest
from constance import codecs
from constance.models import Constance
from django.test import Client

from github_cache import invalidation, store
from github_cache.models import ApiKey, Tenant
from ratelimit import live
from stats import answers
from stats.indexing import index_repository, remove_repository
from tests.stats.samples import OBSERVED, repository, workflow

pytestmark = pytest.mark.django_db(transaction=True)
PATHS = ("/api/v1/facets", "/api/v1/facets/action", "/api/v1/search", "/api/v1/stats")


@pytest.fixture
def tenant() -> str:
    tenant = Tenant.objects.get_or_create(slug="acme")[0].pk
    store.get().purge_tenant(tenant)
    files = {".github/workflows/ci.yml": workflow("CI"), ".github/workflows/bad.yml": "- a"}
    index_repository(tenant, repository(1), files, OBSERVED)
    index_repository(tenant, repository(2, visibility="private"), {".github/workflows/ci.yml": workflow()}, OBSERVED)
    return tenant


@pytest.fixture
def client(tenant: str) -> Client:
    return _client(tenant)


def _client(tenant: str) -> Client:
    _, key = ApiKey.create(Tenant.objects.get(pk=tenant), name=f"test-{tenant}", scopes=["read"])
    return Client(headers={"X-Api-Key": key})


def test_search_has_the_promised_shape(client):
    answer = client.get("/api/v1/search?q=trigger:push ci&kind=github_actions&per_page=1").json()
    assert answer | {"next": None, "results": None} == {
        "query": {
            "text": ["ci"],
            "without_text": [],
            "filters": {"kind": ["github_actions"], "trigger": ["push"]},
            "without": {},
        },
        "total": 2,
        "page": 1,
        "per_page": 1,
        "sort": "relevance",
        "next": None,
        "generation": 2,
        "results": None,
    }
    (result,) = answer["results"]
    assert result["highlights"]["name"] == "<mark>CI</mark>"
    assert result["actions"] == ["actions/checkout@v4"]
    following = client.get(answer["next"].removeprefix("http://127.0.0.1:8000")).json()
    assert following["results"][0]["repository"] != result["repository"]
    assert following["next"] is None
    assert following["page"] == 2


def test_facets_have_the_promised_shape(client):
    answer = client.get("/api/v1/facets?trigger=push&trigger=schedule&limit=1").json()
    assert (answer["total"], answer["generation"], answer["more"]) == (2, 2, {"visibility": 1})
    assert answer["facets"]["trigger"] == [
        {"value": "push", "count": 2, "selected": True},
        {"value": "schedule", "count": 0, "selected": True},
    ]


def test_statistics_have_the_promised_shape(client):
    answer = client.get("/api/v1/stats").json()
    assert (answer["repositories"], answer["automations"], answer["generation"]) == (2, 2, 2)
    assert answer["by_kind"] == {"github_actions": 2}
    assert answer["unreadable_files"] == 1
    assert client.get("/api/v1/stats/unreadable-files").json() == {
        "total": 1,
        "page": 1,
        "per_page": 30,
        "files": [
            {
                "repository": "acme/project-1",
                "path": ".github/workflows/bad.yml",
                "reason": "a workflow is a mapping, this file is a list",
            }
        ],
    }


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_says_how_it_came_about(client, path):
    first, second = client.get(path), client.get(path)
    assert (first["X-Cache"], second["X-Cache"]) == ("MISS", "HIT")
    assert first.content == second.content
    assert first["ETag"] == second["ETag"]
    assert second["Cache-Status"].startswith("hubcache; hit; ttl=")
    again = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", PATHS)
def test_a_change_of_the_index_is_seen_at_once(client, tenant, path):
    before = client.get(path)
    remove_repository(tenant, 2, OBSERVED)
    after = client.get(path)
    assert after["X-Cache"] == "MISS"
    assert before.json() != after.json()


def test_queries_of_one_meaning_are_one_answer(client):
    client.get("/api/v1/search?q=CI trigger:push&language=go&language=rust")
    assert client.get("/api/v1/search?language=Rust&language=Go&trigger=PUSH&q=ci")["X-Cache"] == "HIT"
    assert client.get("/api/v1/search?language=Rust&language=Go&trigger=PUSH&q=ci&page=2")["X-Cache"] == "MISS"


@pytest.mark.parametrize("clear", [answers.forget, invalidation.by_tenant])
def test_a_clear_by_hand_reaches_every_answer(client, tenant, clear):
    for path in PATHS:
        client.get(path)
    clear(tenant)
    assert {client.get(path)["X-Cache"] for path in PATHS} == {"MISS"}


def test_a_family_whose_switch_is_off_is_computed_each_time(client):
    Constance.objects.update_or_create(key="CACHE_FACETS_ENABLED", defaults={"value": codecs.dumps(False)})
    live.refresh()
    assert {client.get("/api/v1/facets")["X-Cache"] for _ in range(2)} == {"BYPASS"}
    assert client.get("/api/v1/stats")["X-Cache"] == "MISS"
    Constance.objects.all().delete()
    live.refresh()
    assert client.get("/api/v1/facets")["X-Cache"] == "MISS"


@pytest.mark.parametrize(
    ("query", "parameter", "position"),
    [
        ("q=trigger:push colour:red", "q", 13),
        ('q=a "b', "q", 2),
        ("colour=red", "colour", 0),
        ("page=1000000000", "page", 0),
        ("per_page=5000", "per_page", 0),
        ("cursor=nonsense", "cursor", 0),
        ("kind=robot", "kind", 0),
        (f"q={'x' * 10_000}", "q", 1_000),
    ],
)
def test_a_query_that_cannot_be_read_is_a_400_that_shows_where(client, query, parameter, position):
    answer = client.get(f"/api/v1/search?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert (answer.json()["parameter"], answer.json()["position"]) == (parameter, position)


def test_an_unknown_facet_is_a_404_that_names_those_there_are(client):
    answer = client.get("/api/v1/facets/colour")
    assert answer.status_code == 404
    assert "language" in answer.json()["detail"]


@pytest.mark.parametrize("path", [*PATHS, "/api/v1/stats/unreadable-files"])
def test_nobody_gets_nothing(tenant, path):
    assert Client().get(path).status_code == 401
    assert Client(headers={"X-Api-Key": "hc_wrong"}).get(path).status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_nothing_crosses_to_another_tenant(client, path):
    Tenant.objects.get_or_create(slug="other")
    assert client.get(path).status_code == 200
    theirs = _client("other").get(path)
    assert theirs["X-Cache"] == "MISS"
    assert b"acme" not in theirs.content
    assert b"checkout" not in theirs.content


def test_nobody_in_particular_sees_public_repositories_only(tenant, settings):
    settings.HUBCACHE_ANONYMOUS_READ, settings.HUBCACHE_TENANT = True, tenant
    anonymous = Client()
    settings.GITHUB_API_URL = "https://api.github.com"
    assert anonymous.get("/api/v1/stats").json()["repositories"] == 1
    assert b"project-2" not in anonymous.get("/api/v1/search").content
    assert anonymous.get("/api/v1/stats/unreadable-files").status_code in (401, 403)
    settings.GITHUB_API_URL = "http://127.0.0.1:8001"
    assert anonymous.get("/api/v1/stats").json()["repositories"] == 2


def test_the_description_of_the_api_knows_the_index(client):
    described = client.get("/openapi.json").json()["paths"]
    assert {"/api/v1/facets", "/api/v1/search", "/api/v1/stats"} <= set(described)
    names = {parameter["name"] for parameter in described["/api/v1/search"]["get"]["parameters"]}
    assert {"q", "trigger", "language", "page", "cursor"} <= names
