"""A read through `/api/v3`: asked once, kept, revalidated for free, and dropped by an invalidation."""

import pytest

from github_cache import invalidation, metrics, store
from github_cache.keys import Scope
from github_sandbox import changes
from tests.github_cache.gateway.house import TENANT, House, forget_memories

HELLO = "/api/v3/repos/octo/hello"


def scope(house: House) -> Scope:
    return Scope("repo", str(house.repository().id))


def test_the_second_read_asks_nobody(house: House) -> None:
    first = house.get(f"{HELLO}/issues")
    house.forgotten()
    second = house.get(f"{HELLO}/issues")
    assert (first["X-Cache"], second["X-Cache"]) == ("MISS", "HIT")
    assert first.content == second.content
    assert house.calls == 0
    assert second["Cache-Status"].startswith("hubcache; hit; ttl=")
    assert second["X-From-Cache"] == "1"
    assert "X-From-Cache" not in first


def test_a_name_that_was_never_heard_of_is_kept_shortly_and_then_confirmed_for_free(house: House) -> None:
    assert house.get(HELLO)["Cache-Status"].endswith("ttl=5")
    house.pass_time(60)
    house.forgotten()
    again = house.get(HELLO)
    assert again["X-Cache"] == "REVALIDATED"
    assert house.cost == 0
    assert again["Cache-Status"].endswith("ttl=300")


def test_a_rename_changes_nothing_for_who_asks_by_id(house: House) -> None:
    repository = house.repository()
    by_name = house.get(f"{HELLO}/labels")
    by_id = house.get(f"/api/v3/repositories/{repository.id}/labels")
    assert by_id["X-Cache"] == "HIT"
    assert by_id.content == by_name.content


def test_past_its_lifetime_it_is_given_out_once_more_and_then_asked_about(house: House) -> None:
    house.get(HELLO)
    house.get(f"{HELLO}/labels")
    house.pass_time(1000)
    house.get(HELLO)
    house.forgotten()
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "STALE"
    house.pass_time(2000)
    answer = house.get(f"{HELLO}/labels")
    assert answer["X-Cache"] in ("REVALIDATED", "COALESCED", "HIT", "STALE")
    assert house.cost == 0


def test_after_an_invalidation_the_new_state_is_read_and_kept_shortly(house: House) -> None:
    house.get(f"{HELLO}/issues")
    admin = house.handle.world.accounts["octo-admin"]
    changes.create_issue(house.handle.world, house.repository(), admin, "A new one", None, [])
    invalidation.by_kind(TENANT, scope(house), ["issues"])
    answer = house.get(f"{HELLO}/issues")
    assert answer["X-Cache"] == "MISS"
    assert b"A new one" in answer.content
    assert answer["Cache-Status"].endswith("ttl=5")


def test_after_an_invalidation_what_did_not_change_costs_nothing(house: House) -> None:
    house.get(f"{HELLO}/labels")
    invalidation.by_scope(TENANT, scope(house))
    house.forgotten()
    answer = house.get(f"{HELLO}/labels")
    assert answer["X-Cache"] == "REVALIDATED"
    assert house.cost == 0


def test_an_invalidation_of_one_kind_leaves_the_others(house: House) -> None:
    house.get(f"{HELLO}/labels")
    house.get(f"{HELLO}/issues")
    invalidation.by_kind(TENANT, scope(house), ["issues"])
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "HIT"
    assert house.get(f"{HELLO}/issues")["X-Cache"] == "REVALIDATED"


def test_lists_are_rewritten_to_this_address(house: House) -> None:
    answer = house.get(f"{HELLO}/issues?per_page=2")
    assert house.handle.url not in answer["Link"]
    assert (
        f"<http://127.0.0.1:8000/api/v3/repositories/{house.repository().id}/issues?per_page=2&page=2>"
        in answer["Link"]
    )
    assert house.handle.url.encode() not in answer.content
    assert b'"http://127.0.0.1:8000/api/v3/repos/octo/hello' in answer.content


def test_a_full_last_page_is_read_again_without_a_validator(house: House) -> None:
    assert "Link" not in house.get(f"{HELLO}/issues?per_page=3")
    admin = house.handle.world.accounts["octo-admin"]
    changes.create_issue(house.handle.world, house.repository(), admin, "The fourth", None, [])
    invalidation.by_kind(TENANT, scope(house), ["issues"])
    house.forgotten()
    answer = house.get(f"{HELLO}/issues?per_page=3")
    assert 'rel="next"' in answer["Link"]
    assert not any(entry["conditional"] for entry in house.handle.ledger.entries() if "issues" in entry["path"])


@pytest.mark.parametrize(
    ("one", "other", "outcome"),
    [
        ("issues?state=all&per_page=5", "issues?per_page=5&state=all", "HIT"),
        ("issues?state=all", "issues?state=open", "MISS"),
        ("issues", "issues?page=2", "MISS"),
    ],
)
def test_the_order_of_parameters_makes_no_difference(house: House, one: str, other: str, outcome: str) -> None:
    house.get(f"{HELLO}/{one}")
    assert house.get(f"{HELLO}/{other}")["X-Cache"] == outcome


def test_another_media_type_is_another_answer(house: House) -> None:
    as_json = house.get(f"{HELLO}/contents/data.json")
    raw = house.get(f"{HELLO}/contents/data.json", Accept="application/vnd.github.raw+json")
    assert (as_json["X-Cache"], raw["X-Cache"]) == ("MISS", "MISS")
    assert raw.content == b'{"a": 1}\n'
    assert as_json.json()["name"] == "data.json"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/vnd.github.v3+json"])
def test_all_spellings_of_plain_json_are_one(house: House, accept: str) -> None:
    house.get(f"{HELLO}/labels")
    assert house.get(f"{HELLO}/labels", Accept=accept)["X-Cache"] == "HIT"


def test_another_version_of_the_api_is_another_answer(house: House) -> None:
    house.get(f"{HELLO}/labels")
    assert house.get(f"{HELLO}/labels", X_GitHub_Api_Version="2022-11-28")["X-Cache"] == "MISS"


def test_a_path_that_is_not_in_the_table_is_always_asked_about(house: House) -> None:
    house.get(f"{HELLO}/hooks")
    house.forgotten()
    assert house.get(f"{HELLO}/hooks")["X-Cache"] == "REVALIDATED"
    assert (house.calls, house.cost) == (1, 0)


def test_what_is_not_there_is_remembered_for_seconds_and_never_revalidated(house: House) -> None:
    assert house.get(f"{HELLO}/labels/nope").status_code == 404
    house.forgotten()
    again = house.get(f"{HELLO}/labels/nope")
    assert (again.status_code, again["X-Cache"], house.calls) == (404, "HIT", 0)
    house.pass_time(20)
    house.get(f"{HELLO}/labels/nope")
    asked = [entry for entry in house.handle.ledger.entries() if "labels" in entry["path"]]
    assert len(asked) == 1
    assert not asked[0]["conditional"]


def test_a_repository_that_is_not_there_is_asked_for_once_in_a_while(house: House) -> None:
    assert house.get("/api/v3/repos/octo/nope").status_code == 404
    house.forgotten()
    assert house.get("/api/v3/repos/octo/nope/issues").status_code == 404
    assert house.get("/api/v3/repos/octo/nope").status_code == 404
    assert house.calls == 0


def test_a_range_of_what_is_no_stream_is_answered_with_the_whole(house: House) -> None:
    whole = house.get(f"{HELLO}/labels", Range="bytes=0-10")
    assert (whole.status_code, whole["X-Cache"]) == (200, "MISS")
    assert whole.json()[0]["url"].startswith("http://127.0.0.1:8000/api/v3/")
    again = house.get(f"{HELLO}/labels")
    assert (again["X-Cache"], again.content) == ("HIT", whole.content)


def test_an_archive_leads_to_its_own_host(house: House) -> None:
    answer = house.get(f"{HELLO}/tarball")
    assert (answer.status_code, answer["X-Cache"]) == (302, "BYPASS")
    assert "/api/v3" not in answer["Location"]


def test_head_has_the_headers_and_no_body(house: House) -> None:
    answer = house.ask("HEAD", f"{HELLO}/labels")
    assert (answer.status_code, answer.content) == (200, b"")
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "HIT"


def test_switched_off_nothing_is_kept_or_read(house: House, flags) -> None:
    house.get(f"{HELLO}/labels")
    flags(GITHUB_CACHE_ENABLED=False)
    house.forgotten()
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "BYPASS"
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "BYPASS"
    assert house.cost == 2


@pytest.mark.parametrize("rubbish", [b"{", b'{"v":99}\nbody', b"\x80\x04K\x01.", b""])
def test_an_entry_that_cannot_be_read_is_a_miss_and_is_counted(house: House, rubbish: bytes) -> None:
    house.get(f"{HELLO}/labels")
    for key in house.redis.scan_iter("hubcache:*:http:*"):
        house.redis.set(key, rubbish)
    forget_memories()
    before = metrics.CORRUPT._value.get()
    answer = house.get(f"{HELLO}/labels")
    assert (answer.status_code, answer["X-Cache"]) == (200, "MISS")
    assert metrics.CORRUPT._value.get() > before
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "HIT"


def test_an_entry_that_cannot_be_read_is_dropped(house: House) -> None:
    house.redis.set("hubcache:default:{repo:1}:x", b"{")
    assert store.readable("hubcache:default:{repo:1}:x", b"{") is None
    assert not house.redis.exists("hubcache:default:{repo:1}:x")
