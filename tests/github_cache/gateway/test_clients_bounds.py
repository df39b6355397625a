"""What a client allows, in its own headers, counts also while an entry is fresh."""

import pytest

from github_sandbox import changes
from github_sandbox.entities import Account, Label, Repository
from github_sandbox.world import World
from tests.github_cache.gateway.house import DEV, ORG, House

HELLO = "/api/v3/repos/octo/hello"


def by_admin(house: House) -> tuple[World, Repository, Account]:
    world = house.handle.world
    return world, house.repository(), world.accounts["octo-admin"]


def bug(house: House) -> Label:
    return house.repository().labels["bug"]


@pytest.mark.parametrize("allowed", ["max-age=0", "max-age=59", "min-fresh=999999"])
def test_a_bound_of_the_clients_is_kept_within_the_lifetime(house: House, allowed: str) -> None:
    house.get(f"{HELLO}/languages")
    house.get(f"{HELLO}/languages", Cache_Control="no-cache")
    house.pass_time(60)
    house.get(HELLO)
    house.forgotten()
    assert house.get(f"{HELLO}/languages", Cache_Control=allowed)["X-Cache"] == "REVALIDATED"
    assert house.cost == 0
    assert house.get(f"{HELLO}/languages")["X-Cache"] == "HIT"


def test_nothing_is_asked_for_a_client_that_wants_only_what_is_held(house: House) -> None:
    assert house.get(f"{HELLO}/labels", Cache_Control="only-if-cached, no-store").status_code == 504
    house.get(f"{HELLO}/labels")
    house.forgotten()
    assert house.get(f"{HELLO}/labels", Cache_Control="no-store, only-if-cached")["X-Cache"] == "HIT"
    assert house.calls == 0


def test_a_write_is_answered_in_full_whatever_its_conditions(house: House) -> None:
    answer = house.ask("PATCH", f"{HELLO}/issues/1", body={"title": "Renamed"}, If_None_Match="*")
    assert answer.status_code == 200
    assert answer.json()["title"] == "Renamed"


@pytest.mark.parametrize(
    "since",
    [
        "Sat, 21 Nov 99999999999999999999 10:00:00 GMT",
        "Sat, 21 Nov 2026 10:00:00 +99999999999999",
        "never",
    ],
)
def test_a_date_that_is_none_is_no_condition(house: House, since: str) -> None:
    house.get(HELLO)
    assert house.get(HELLO, If_Modified_Since=since).status_code == 200


def test_a_date_in_the_old_form_is_one(house: House) -> None:
    house.get(HELLO)
    assert house.get(HELLO, If_Modified_Since="Wed Jan  1 00:00:00 2098").status_code == 304


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip", "gzip"), ("br, gzip;q=0.5", "gzip"), ("gzip;q=0, identity", None), ("gzip; q=0.00", None), ("br", None)],
)
def test_compressed_only_for_who_takes_it(house: House, accepted: str, encoding: str | None) -> None:
    path = f"{HELLO}/issues?per_page=5"
    for number in range(5):
        house.ask("POST", f"{HELLO}/issues", body={"title": f"Number {number}", "body": "It breaks. " * 100})
    house.get(path)
    assert house.get(path, Accept_Encoding=accepted).headers.get("Content-Encoding") == encoding


def test_who_made_what_was_not_there_finds_it(house: House) -> None:
    new = "/api/v3/repos/octo/new"
    for path in (new, f"{new}/issues"):
        assert house.get(path).status_code == 404
    assert house.ask("POST", f"/api/v3/orgs/{ORG}/repos", body={"name": "new"}).status_code == 201
    for path in (new, f"{new}/issues"):
        assert house.get(path).status_code == 200


def test_the_newest_that_was_heard_of_goes_out_whoever_heard_it(house: House) -> None:
    def labels(**options: str) -> bytes:
        return house.get(f"{HELLO}/labels", **options).content

    house.get(HELLO, token=DEV)
    labels(token=DEV)
    for color, who in (("111111", {}), ("222222", {"token": DEV}), ("333333", {})):
        changes.edit_label(*by_admin(house), bug(house), {"color": color})
        assert color.encode() in labels(Cache_Control="no-cache", **who)
        assert color.encode() in labels(token=DEV)
        assert color.encode() in labels()


def test_what_is_gone_does_not_come_back(house: House) -> None:
    label = f"{HELLO}/labels/bug"
    house.get(HELLO, token=DEV)
    assert house.get(label, token=DEV).status_code == 200
    changes.delete_label(*by_admin(house), bug(house))
    assert house.get(label, token=DEV, Cache_Control="no-cache").status_code == 404
    house.pass_time(11)
    assert house.get(label, token=DEV).status_code == 404


def test_who_counts_by_the_last_page_counts_right(house: House) -> None:
    page = f"{HELLO}/labels?per_page=1"
    before = house.get(page)["Link"]
    house.get(f"{HELLO}/labels?per_page=2")
    house.ask("POST", f"{HELLO}/labels", body={"name": "zzz", "color": "ff0000"})
    for path in (page, f"{HELLO}/labels?per_page=2"):
        last = house.get(path)["Link"]
        direct = house.get(path, Cache_Control="no-store")["Link"]
        assert last == direct
    assert house.get(page)["Link"] != before
