"""GitHub refused, broken, slow or out of quota: stale where it may be, else an error that clients understand."""

import socket

import pytest
from pytest_django import Settings

from github_cache import invalidation
from github_cache.keys import Scope
from tests.github_cache.gateway.house import GUEST, TENANT, House

HELLO = "/api/v3/repos/octo/hello"
FAULTS = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
    {"kind": "html"},
    {"kind": "reset"},
    {"kind": "hang", "seconds": 2},
    {"kind": "cut_body"},
]


@pytest.fixture(autouse=True)
def impatient(settings: Settings) -> None:
    """A sandbox that says nothing for so long has failed."""
    settings.GITHUB_READ_TIMEOUT = 0.5


# A 304 has no body that could be cut off.
@pytest.mark.parametrize("fault", FAULTS[:-1], ids=lambda fault: "-".join(str(value) for value in fault.values()))
def test_what_is_held_is_given_out_and_says_that_it_is_stale(house: House, fault: dict) -> None:
    fresh = house.get(f"{HELLO}/labels")
    house.pass_time(5000)
    house.handle.faults.add(fault)
    stale = house.get(f"{HELLO}/labels")
    assert (stale.status_code, stale["X-Cache"], stale.content) == (200, "STALE", fresh.content)
    assert stale["Warning"].startswith("111 ")
    assert "detail=github-failed" in stale["Cache-Status"]
    assert int(stale["Age"]) >= 5000


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(str(value) for value in fault.values()))
@pytest.mark.parametrize("path", [f"{HELLO}/labels", "/api/v1/github/octo/hello/info"])
def test_without_anything_held_it_is_a_gateway_error(house: House, fault: dict, path: str) -> None:
    house.handle.faults.add(fault)
    answer = house.get(path)
    assert answer.status_code in (502, 504)
    assert "message" in answer.json() or answer["Content-Type"] == "application/problem+json"


def test_refused_connections_are_a_failure_like_others(house: House, settings: Settings) -> None:
    fresh = house.get(f"{HELLO}/labels")
    house.pass_time(5000)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        settings.GITHUB_API_URL = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    stale = house.get(f"{HELLO}/labels")
    assert (stale.status_code, stale["X-Cache"], stale.content) == (200, "STALE", fresh.content)
    assert house.get(f"{HELLO}/issues").status_code == 502


def test_past_its_grace_nothing_stale_goes_out(house: House) -> None:
    house.get(f"{HELLO}/labels")
    house.pass_time(900 + 86_400 + 3_600)
    house.handle.faults.add({"kind": "status", "status": 502})
    assert house.get(f"{HELLO}/labels").status_code == 502


def test_a_client_that_wants_no_stale_answer_gets_none(house: House) -> None:
    house.get(f"{HELLO}/labels")
    house.pass_time(5000)
    house.handle.faults.add({"kind": "status", "status": 502})
    assert house.get(f"{HELLO}/labels", Cache_Control="no-cache").status_code == 502
    assert house.get(f"{HELLO}/labels", Cache_Control="max-age=60").status_code == 502
    assert house.get(f"{HELLO}/labels", Cache_Control="max-stale=60").status_code == 502
    assert house.get(f"{HELLO}/labels", Cache_Control="max-stale").status_code == 200


def test_after_an_invalidation_old_is_better_than_nothing(house: House) -> None:
    house.get(f"{HELLO}/labels")
    invalidation.by_kind(TENANT, Scope("repo", str(house.repository().id)), ["labels"])
    house.handle.faults.add({"kind": "status", "status": 502})
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "STALE"


def test_but_never_after_it_became_private_or_was_deleted(house: House) -> None:
    house.get(f"{HELLO}/labels")
    invalidation.purge_scope(TENANT, Scope("repo", str(house.repository().id)))
    house.handle.faults.add({"kind": "status", "status": 502})
    assert house.get(f"{HELLO}/labels").status_code == 502


def test_a_failure_is_not_kept(house: House) -> None:
    house.handle.faults.add({"kind": "status", "status": 500, "count": 1})
    assert house.get(f"{HELLO}/labels").status_code == 502
    assert house.get(f"{HELLO}/labels").status_code == 200


def test_only_if_cached_asks_nobody(house: House) -> None:
    house.forgotten()
    answer = house.get(f"{HELLO}/labels", Cache_Control="only-if-cached")
    assert (answer.status_code, house.calls) == (504, 0)
    house.get(f"{HELLO}/labels")
    assert house.get(f"{HELLO}/labels", Cache_Control="only-if-cached").status_code == 200


def test_no_store_passes_by_the_cache(house: House) -> None:
    assert house.get(f"{HELLO}/labels", Cache_Control="no-store")["X-Cache"] == "BYPASS"
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "MISS"


def test_a_spent_quota_looks_as_githubs_own_refusal(house: House) -> None:
    house.handle.faults.add({"kind": "primary"})
    answer = house.get(f"{HELLO}/labels", token=GUEST)
    while answer.status_code == 503:  # its verification met the limit first
        house.handle.faults.clear()
        house.get("/api/v3/user", token=GUEST)
        house.handle.faults.add({"kind": "primary"})
        answer = house.get(f"{HELLO}/labels", token=GUEST)
    assert answer.status_code == 403
    assert "rate limit" in answer.json()["message"].lower()
    assert answer["X-RateLimit-Remaining"] == "0"
    assert int(answer["Retry-After"]) > 0
    assert int(answer["X-RateLimit-Reset"]) > 0


def test_with_a_spent_quota_what_is_held_goes_out(house: House) -> None:
    house.get(f"{HELLO}/labels")
    house.pass_time(5000)
    house.handle.faults.add({"kind": "primary"})
    stale = house.get(f"{HELLO}/labels")
    assert (stale.status_code, stale["X-Cache"]) == (200, "STALE")
    assert "detail=github-quota" in stale["Cache-Status"]


def test_a_secondary_limit_says_when_to_come_back(house: House) -> None:
    house.handle.faults.add({"kind": "secondary", "retry_after": 30})
    answer = house.get(f"{HELLO}/labels")
    assert answer.status_code == 429
    assert 29 <= int(answer["Retry-After"]) <= 60
    assert "secondary rate limit" in answer.json()["message"]
    assert int(answer["X-RateLimit-Remaining"]) > 0
    typed = house.get("/api/v1/github/octo/hello/info")
    assert (typed.status_code, typed["Content-Type"]) == (429, "application/problem+json")


def test_limits_shown_are_live_and_never_stored(house: House) -> None:
    first = house.get(f"{HELLO}/labels")
    house.get(f"{HELLO}/issues")
    again = house.get(f"{HELLO}/labels")
    assert again["X-Cache"] == "HIT"
    assert int(again["X-RateLimit-Remaining"]) < int(first["X-RateLimit-Remaining"])


def test_the_rate_limit_is_told_out_of_the_ledger(house: House) -> None:
    house.get(f"{HELLO}/labels")
    house.forgotten()
    told = house.get("/api/v3/rate_limit").json()
    assert house.calls == 0
    assert told["resources"]["core"]["limit"] == 5000
    assert told["resources"]["core"]["used"] >= 2
    assert told["rate"] == told["resources"]["core"]
