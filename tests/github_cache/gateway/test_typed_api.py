"""/api/v1/github: one shape, cached, paged; refusals are problems with GitHub's reason."""

from collections import Counter
from typing import NoReturn

import pytest
from django.http import HttpRequest
from rest_framework.request import Request

from github_cache.api import answers
from github_cache.api.problems import Problem
from github_cache.api.serializers import IssuesParameters
from github_cache.models import ApiKey, Tenant
from github_cache.upstream.errors import refused
from tests.github_cache.gateway.house import GUEST, TENANT, House

BASE = "/api/v1/github/octo/hello"


@pytest.mark.parametrize("path", ["info", "languages", "issues", "pulls", "workflows"])
def test_the_second_read_asks_nobody(house: House, path: str) -> None:
    first = house.get(f"{BASE}/{path}")
    house.forgotten()
    second = house.get(f"{BASE}/{path}")
    assert (first.status_code, first["X-Cache"], second["X-Cache"]) == (200, "MISS", "HIT")
    assert (house.calls, first.json()) == (0, second.json())


def test_use_cache_false_asks_github_for_free_where_nothing_changed(house: House) -> None:
    house.get(f"{BASE}/info")
    house.pass_time(10)
    house.get(f"{BASE}/info")
    house.forgotten()
    answer = house.get(f"{BASE}/info?use_cache=false")
    assert (answer["X-Cache"], house.calls, house.cost) == ("REVALIDATED", 1, 0)


def test_pages_lead_to_the_next(house: House) -> None:
    first = house.get(f"{BASE}/issues?per_page=2")
    assert [issue["number"] for issue in first.json()] == [3, 2]
    assert first["Link"] == f'<http://127.0.0.1:8000{BASE}/issues?per_page=2&page=2>; rel="next"'
    second = house.get(f"{BASE}/issues?per_page=2&page=2")
    assert [issue["number"] for issue in second.json()] == [1]
    assert "Link" not in second


def test_an_organisations_repositories(house: House) -> None:
    answer = house.get("/api/v1/github/orgs/octo/repos")
    assert {each["full_name"] for each in answer.json()} == {"octo/hello", "octo/secret"}
    assert house.get("/api/v1/github/orgs/octo/repos")["X-Cache"] == "HIT"


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("issues?state=nope", "state"),
        ("issues?per_page=101", "per_page"),
        ("issues?page=0", "page"),
        ("issues?since=yesterday", "since"),
        ("info?use_cache=perhaps", "use_cache"),
    ],
)
def test_what_makes_no_sense_is_named(house: House, query: str, word: str) -> None:
    house.forgotten()
    answer = house.get(f"{BASE}/{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert word in answer.json()["detail"]
    assert house.calls == 0


@pytest.mark.parametrize("name", ["../hello", "octo/..", "octo/a%20b", "-octo/hello", "octo/" + "a" * 101])
def test_names_that_cannot_be_are_refused_unasked(house: House, name: str) -> None:
    house.forgotten()
    assert house.get(f"/api/v1/github/{name}/info").status_code in (400, 404)
    assert house.calls == 0


def test_githubs_refusal_keeps_its_reason(house: House) -> None:
    answer = house.get("/api/v1/github/octo/nope/info")
    assert (answer.status_code, answer.json()["detail"]) == (404, "GitHub: Not Found")


def test_githubs_refusal_keeps_what_it_found_wrong() -> None:
    faults = [{"resource": "Issue", "code": "invalid", "field": "since"}]

    def read() -> NoReturn:
        raise refused(422, "Validation Failed", faults)

    with pytest.raises(Problem) as problem:
        answers.answered(Request(HttpRequest()), read)
    assert (problem.value.status_code, problem.value.more) == (422, {"errors": faults})


def test_times_before_the_year_1000_keep_their_four_digits() -> None:
    given = IssuesParameters(data={"since": "0001-01-01T00:00:00Z"})
    assert given.is_valid()
    assert given.validated_data["since"] == "0001-01-01T00:00:00Z"


def test_what_a_client_holds_is_not_sent_again(house: House) -> None:
    etag = house.get(f"{BASE}/info")["ETag"]
    answer = house.get(f"{BASE}/info", If_None_Match=etag)
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
    assert house.get(f"{BASE}/info", If_None_Match=f'"x", {etag.removeprefix("W/")}').status_code == 304
    assert house.get(f"{BASE}/info", If_None_Match='"x"').status_code == 200


def test_invalidating_makes_the_next_read_ask(house: House) -> None:
    house.get(f"{BASE}/languages")
    told = house.ask("POST", f"{BASE}/cache/invalidate")
    assert told.json()["epochs"] > 5
    assert house.get(f"{BASE}/languages")["X-Cache"] in ("REVALIDATED", "MISS")


def test_a_refusal_names_the_scope_that_is_needed(house: House) -> None:
    _, key = ApiKey.create(Tenant.objects.get(slug=TENANT), "reader", ("read",))
    told = house.ask("DELETE", f"{BASE}/labels/bug", key=key)
    assert (told.status_code, told.json()["detail"]) == (403, "This needs an API key with the scope 'write'.")


@pytest.mark.parametrize("repository", ["octo/secret", "octo/nope"])
def test_a_github_token_invalidates_nothing_and_learns_nothing(house: House, repository: str) -> None:
    house.get("/api/v3/repos/octo/secret/issues")
    told = house.ask("POST", f"/api/v1/github/{repository}/cache/invalidate", token=GUEST)
    assert (told.status_code, set(told.json())) == (403, {"type", "title", "status", "detail"})
    assert house.get("/api/v3/repos/octo/secret/issues")["X-Cache"] == "HIT"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{BASE}/labels"),
        ("PATCH", f"{BASE}/labels/bug"),
        ("PATCH", f"{BASE}/settings"),
        ("POST", "/api/v1/admin/cache/clear"),
    ],
)
@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"name": ' * 100_000, b"[" * 900 + b"]" * 900], ids=["lists", "objects", "whole"]
)
def test_a_body_that_is_nested_too_deeply_is_refused(house: House, method: str, path: str, body: bytes) -> None:
    told = house.client.generic(
        method, path, data=body, content_type="application/json", headers={"X-Api-Key": house.key}
    )
    assert (told.status_code, told["Content-Type"]) == (400, "application/problem+json")
    assert "nested deeper" in told.json()["detail"]


def test_without_a_credential_it_says_so(house: House, settings) -> None:
    settings.GITHUB_TOKEN, settings.GITHUB_TOKENS = "", ()
    house.pass_time(0)
    answer = house.get(f"{BASE}/info")
    assert answer.status_code == 503
    assert "credential" in answer.json()["detail"]


def test_limits_status(house: House) -> None:
    told = house.get("/api/v1/rate-limits/status").json()
    assert told["status"] == "success"
    assert set(told["rate_limits"]) >= {"core", "search", "graphql"}
    core = told["rate_limits"]["core"]
    assert set(core) == {"limit", "remaining", "reset", "used", "percentage_used"}
    assert core["reset"].endswith("Z")
    assert told["accounts"][0]["rate_limits"]["core"] == core
    house.forgotten()
    house.get("/api/v1/rate-limits/status")
    assert house.calls == 0
    house.get("/api/v1/rate-limits/status?refresh=true")
    assert (house.calls, house.cost) == (1, 0)


def test_while_github_cannot_be_asked_limits_are_what_is_known(house: House) -> None:
    fault = house.handle.faults.add({"kind": "reset", "path": "/rate_limit"})
    assert house.get("/api/v1/rate-limits/status").status_code == 502
    house.get("/api/v3/repos/octo/hello")
    told = house.get("/api/v1/rate-limits/status")
    assert (told.status_code, list(told.json()["rate_limits"])) == (200, ["core"])
    house.handle.faults.remove(fault.id)
    assert set(house.get("/api/v1/rate-limits/status").json()["rate_limits"]) >= {"core", "search", "graphql"}


def test_limits_history_and_health(house: House) -> None:
    assert house.ask("POST", "/api/v1/rate-limits/track").json()["rows"] >= 3
    rows = house.get("/api/v1/rate-limits/history?resource_type=core").json()
    assert rows["total"] == 1
    assert rows["results"][0]["limit"] == 5000
    assert house.get("/api/v1/rate-limits/history?hours=x").status_code == 400
    health = house.get("/api/v1/rate-limits/health").json()
    assert (health["status"], health["healthy"]) == ("healthy", True)
    assert "ghp_" not in str(health) + str(rows)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({}, "everything"),
        ({"organization": "octo"}, "everything of octo"),
        ({"repository": "octo/hello"}, "everything of octo/hello"),
        ({"repository": "octo/hello", "kind": "labels"}, "labels of octo/hello"),
        ({"url": "/repos/octo/hello/labels"}, "/repos/octo/hello/labels"),
        ({"url": "http://127.0.0.1:8000/api/v3/repos/octo/hello/labels"}, "labels"),
    ],
)
def test_clearing_says_how_much_went(house: House, body: dict, what: str) -> None:
    house.get("/api/v3/repos/octo/hello/labels")
    house.get("/api/v3/orgs/octo/repos")
    told = house.ask("POST", "/api/v1/admin/cache/clear", body=body)
    assert told.status_code == 200
    assert what in told.json()["cleared"]
    assert told.json()["entries"] + told.json()["epochs"] >= 1
    if "organization" not in body:
        assert house.get("/api/v3/repos/octo/hello/labels")["X-Cache"] != "HIT"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"repository": "octo/never"}, 404),
        ({"repository": "nonsense"}, 400),
        ({"repository": "octo/hello", "organization": "octo"}, 400),
        ({"repository": "octo/hello", "kind": "nonsense"}, 400),
        ({"url": "/../x"}, 400),
        ({"organisation": "octo"}, 400),
    ],
)
def test_what_cannot_be_cleared(house: House, body: dict, status: int) -> None:
    house.get("/api/v3/repos/octo/hello/labels")
    assert house.ask("POST", "/api/v1/admin/cache/clear", body=body).status_code == status
    assert house.get("/api/v3/repos/octo/hello/labels")["X-Cache"] == "HIT"


@pytest.mark.parametrize(
    ("method", "path", "body", "detail"),
    [
        ("POST", "/api/v1/admin/cache/clear", {"repo": "octo/hello"}, "repo: There is no such field; there are: org"),
        ("PATCH", f"{BASE}/settings", {"description": "x", "has_isues": False}, "has_isues: There is no such field"),
        ("POST", f"{BASE}/labels", {"label_name": "a", "colour": "ff0000"}, "colour: There is no such field"),
        ("PATCH", f"{BASE}/labels/bug", {"colour": "ff0000"}, "colour: There is no such field"),
    ],
)
def test_a_misspelt_field_is_named_and_nothing_is_done(
    house: House, method: str, path: str, body: dict, detail: str
) -> None:
    house.forgotten()
    answer = house.ask(method, path, body=body)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(detail)
    assert house.calls == 0


def test_figures(house: House) -> None:
    house.get("/api/v3/repos/octo/hello/labels")
    house.get("/api/v3/repos/octo/hello/labels")
    told = house.get("/api/v1/admin/cache/stats").json()
    assert told["tenant"] == "default"
    assert told["store"]["kind"] == "redis"
    assert told["reads"]["hits"] >= 1
    assert told["scopes"] >= 1


def test_figures_are_told_apart_by_kind(house: House) -> None:
    def labels() -> Counter[str]:
        told = house.get("/api/v1/admin/cache/stats").json()["kinds"].get("labels", {})
        return Counter({name: value for name, value in told.items() if isinstance(value, int)})

    before = labels()
    for _ in range(3):
        house.get("/api/v3/repos/octo/hello/labels")
    counted = labels() - before
    assert (counted["hits"], counted["misses"], counted["sets"]) == (2, 1, 1)
    assert counted["bytes"] > 100
    house.ask("POST", "/api/v1/admin/cache/clear", body={"repository": "octo/hello", "kind": "labels"})
    told = house.get("/api/v1/admin/cache/stats").json()["kinds"]
    assert told["labels"]["ttl_seconds"] > 60
    assert 0 < told["labels"]["read_ms"] < 10_000
    assert told["labels"]["evictions"] == 0
