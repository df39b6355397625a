"""Writes pass through with one token, are never kept, and what they touched is read anew."""

import socket

import pytest
from pytest_django import Settings

from github_cache.models import ApiKey, Tenant
from tests.github_cache.gateway.house import ADMIN, DEV, GUEST, TENANT, House

HELLO = "/api/v3/repos/octo/hello"
LABEL = {"name": "urgent", "color": "ff0000"}


def test_a_write_is_seen_by_the_next_read(house: House) -> None:
    assert b"urgent" not in house.get(f"{HELLO}/labels").content
    made = house.ask("POST", f"{HELLO}/labels", body=LABEL)
    assert made.status_code == 201
    assert made["X-Cache"] == "BYPASS"
    assert made.json()["url"].startswith("http://127.0.0.1:8000/api/v3/repos/octo/hello/labels/")
    assert b"urgent" in house.get(f"{HELLO}/labels").content


def test_it_is_seen_by_everyone_else_too(house: House) -> None:
    house.get(f"{HELLO}/labels", token=DEV)
    house.get(f"{HELLO}/labels", token=GUEST)
    house.ask("POST", f"{HELLO}/labels", token=ADMIN, body=LABEL)
    for options in ({}, {"token": DEV}, {"token": GUEST}):
        assert b"urgent" in house.get(f"{HELLO}/labels", **options).content


def test_it_leaves_what_it_did_not_touch(house: House) -> None:
    house.get(f"{HELLO}/contents/README.md")
    house.ask("POST", f"{HELLO}/labels", body=LABEL)
    assert house.get(f"{HELLO}/contents/README.md")["X-Cache"] == "HIT"


def test_a_write_under_a_name_that_was_never_heard_of_is_seen_under_the_id(house: House) -> None:
    labels = f"/api/v3/repositories/{house.repository().id}/labels"
    house.get(labels)
    assert house.ask("POST", f"{HELLO}/labels", body=LABEL).status_code == 201
    assert b"urgent" in house.get(labels).content


def test_and_in_what_the_organisation_tells(house: House) -> None:
    house.get("/api/v3/orgs/octo/repos")
    assert house.ask("PATCH", HELLO, body={"description": "Says it louder"}).status_code == 200
    assert b"Says it louder" in house.get("/api/v3/orgs/octo/repos").content


def test_a_name_is_asked_for_once_whatever_is_written(house: House) -> None:
    for name in ("one", "two"):
        house.ask("POST", f"{HELLO}/labels", body={"name": name, "color": "00ff00"})
    assert house.paths == ["/repos/octo/hello", "/repos/octo/hello/labels", "/repos/octo/hello/labels"]
    assert house.ask("POST", "/api/v3/repos/octo/nope/labels", body=LABEL).status_code == 404


def test_a_refused_write_drops_nothing(house: House) -> None:
    house.get(f"{HELLO}/labels")
    assert house.ask("POST", f"{HELLO}/labels", body={"name": ""}).status_code == 422
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "HIT"


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "cut_body"}, {"kind": "status", "status": 502}])
def test_a_write_whose_answer_was_lost_may_have_been_done(house: House, fault: dict) -> None:
    house.get(f"{HELLO}/labels")
    house.handle.faults.add({**fault, "method": "POST", "count": 1})
    assert house.ask("POST", f"{HELLO}/labels", body=LABEL).status_code == 502
    read = house.get(f"{HELLO}/labels")
    assert read["X-Cache"] != "HIT"
    assert (b"urgent" in read.content) is (fault["kind"] != "status")


def test_a_write_that_was_never_sent_drops_nothing(house: House, settings: Settings) -> None:
    house.get(f"{HELLO}/labels")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        settings.GITHUB_API_URL = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    assert house.ask("POST", f"{HELLO}/labels", body=LABEL).status_code == 502
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "HIT"


def test_github_judges_a_token_itself(house: House) -> None:
    answer = house.ask("POST", f"{HELLO}/labels", token=GUEST, body=LABEL)
    assert answer.status_code in (403, 404)


@pytest.mark.parametrize("by", ["name", "ID"])
def test_settings_drop_the_repository_and_the_organisations_list(house: House, by: str) -> None:
    house.get(HELLO)
    house.get("/api/v3/orgs/octo/repos")
    path = HELLO if by == "name" else f"/api/v3/repositories/{house.repository().id}"
    changed = house.ask("PATCH", path, body={"description": "Says it louder"})
    assert changed.status_code == 200
    assert house.get(HELLO).json()["description"] == "Says it louder"
    assert b"Says it louder" in house.get("/api/v3/orgs/octo/repos").content


def test_a_new_issue_brings_its_labels_and_is_counted(house: House) -> None:
    for path in (f"{HELLO}/labels", HELLO, "/api/v3/orgs/octo/repos"):
        house.get(path)
    house.ask("POST", f"{HELLO}/issues", body={"title": "More", "labels": ["never-seen"]})
    assert b"never-seen" in house.get(f"{HELLO}/labels").content
    listed = {each["name"]: each for each in house.get("/api/v3/orgs/octo/repos").json()}
    assert house.get(HELLO).json()["open_issues_count"] == listed["hello"]["open_issues_count"] == 4


def test_a_write_is_seen_by_queries_of_its_organisation(house: House) -> None:
    labels = '{ organization(login: "octo") { repository(name: "hello") { labels(first: 50) { nodes { name } } } } }'
    house.get(HELLO)
    house.graphql(labels)
    house.ask("POST", f"{HELLO}/labels", body=LABEL)
    assert b"urgent" in house.graphql(labels).content


@pytest.mark.parametrize(("method", "stars"), [("PUT", 1), ("DELETE", 0)])
def test_a_star_is_counted_at_its_repository(house: House, method: str, stars: int) -> None:
    if method == "DELETE":
        house.ask("PUT", "/api/v3/user/starred/octo/hello")
    counted = '{ repository(owner: "octo", name: "hello") { stargazerCount } }'
    house.get(HELLO)
    house.get("/api/v3/orgs/octo/repos")
    house.graphql(counted)
    assert house.ask(method, "/api/v3/user/starred/octo/hello").status_code == 204
    assert house.get(HELLO).json()["stargazers_count"] == stars
    assert house.graphql(counted).json()["data"]["repository"]["stargazerCount"] == stars
    listed = {each["name"]: each for each in house.get("/api/v3/orgs/octo/repos").json()}
    assert listed["hello"]["stargazers_count"] == stars


def test_a_deleted_repository_is_gone(house: House) -> None:
    house.get(f"{HELLO}/issues")
    assert house.ask("DELETE", HELLO).status_code == 204
    house.handle.faults.add({"kind": "status", "status": 502})
    assert house.get(f"{HELLO}/issues").status_code == 502


def test_a_rename_is_followed(house: House) -> None:
    number = house.repository().id
    house.get(f"{HELLO}/labels")
    house.ask("PATCH", HELLO, body={"name": "renamed"})
    moved = house.get(f"{HELLO}/labels")
    assert moved.status_code == 301
    assert moved["Location"].startswith(f"http://127.0.0.1:8000/api/v3/repositories/{number}")
    assert house.get("/api/v3/repos/octo/renamed/labels").status_code == 200


def test_two_writes_within_a_second_both_pass(house: House) -> None:
    names = ("one", "two")
    made = [house.ask("POST", f"{HELLO}/labels", body={"name": name, "color": "00ff00"}) for name in names]
    assert [answer.status_code for answer in made] == [201, 201]


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND"])
def test_methods_that_github_does_not_have(house: House, method: str) -> None:
    house.forgotten()
    answer = house.ask(method, HELLO)
    assert (answer.status_code, answer["Allow"]) == (405, "DELETE, GET, HEAD, PATCH, POST, PUT")
    assert house.calls == 0


def test_a_refusal_names_the_scope_that_is_missing(house: House) -> None:
    _, reader = ApiKey.create(Tenant.objects.get(slug=TENANT), "reader", ("read",))
    answer = house.ask("POST", f"{HELLO}/labels", key=reader, body=LABEL)
    assert (answer.status_code, answer.json()["message"]) == (403, "This needs an API key with the scope 'write'.")


def test_the_typed_labels(house: House) -> None:
    labels = "/api/v1/github/octo/hello/labels"
    made = house.ask("POST", labels, body={"label_name": "area/ci", "color": "00ff00", "description": "Builds"})
    assert (made.status_code, made.json()["name"]) == (201, "area/ci")
    changed = house.ask("PATCH", f"{labels}/area%2Fci", body={"label_name": "area/build"})
    assert changed.json()["name"] == "area/build"
    assert house.ask("DELETE", f"{labels}/area%2Fbuild").status_code == 204
    gone = house.ask("DELETE", f"{labels}/area%2Fbuild")
    assert (gone.status_code, gone["Content-Type"]) == (404, "application/problem+json")
    assert house.ask("POST", labels, body={"color": "00ff00"}).status_code == 400
    assert house.ask("PATCH", f"{labels}/bug", body={}).status_code == 400
    assert house.ask("PATCH", f"{labels}/bug", body={"color": "blue"}).status_code == 400


def test_the_typed_settings_answer_in_the_typed_shape(house: House) -> None:
    info = house.get("/api/v1/github/octo/hello/info").json()
    changed = house.ask("PATCH", "/api/v1/github/octo/hello/settings", body={"description": "New"})
    assert changed.status_code == 200
    assert set(changed.json()) == set(info)
    assert house.get("/api/v1/github/octo/hello/info").json()["description"] == "New"
    assert house.ask("PATCH", "/api/v1/github/octo/hello/settings", body={}).status_code == 400
