"""Writes over REST: what they change, and what they refuse in GitHub's words."""

import base64
from typing import Any

import pytest

from github_sandbox.entities import Repository
from tests.sandbox.conftest import Client

ENCODED = base64.b64encode(b"text").decode()
REFUSALS: list[tuple[str, str, str, Any, int, str]] = [
    ("", "POST", "/labels", {"name": "x", "color": "ffffff"}, 401, "Requires authentication"),
    ("guest_1", "POST", "/labels", {"name": "x", "color": "ffffff"}, 403, "Must have push access to repository"),
    ("dev_1", "PATCH", "", {"description": "x"}, 403, "Must have admin rights to Repository."),
    ("admin_1", "POST", "/labels", {"color": "ffffff"}, 422, "Validation Failed"),
    ("admin_1", "POST", "/labels", {"name": "BUG", "color": "ffffff"}, 422, "Validation Failed"),
    ("admin_1", "PATCH", "", {"name": "secret"}, 422, "Validation Failed"),
    ("admin_1", "PATCH", "", {"default_branch": "none"}, 422, "Validation Failed"),
    ("admin_1", "PATCH", "", {"private": "yes"}, 422, "Validation Failed"),
    ("admin_1", "PUT", "/topics", {"names": ["Not a topic"]}, 422, "Validation Failed"),
    ("admin_1", "POST", "/issues", {}, 422, "Validation Failed"),
    ("admin_1", "PATCH", "/issues/1", {"state": "ajar"}, 422, "Validation Failed"),
    ("admin_1", "PATCH", "/issues/1", {"milestone": 9}, 422, "Validation Failed"),
    ("admin_1", "POST", "/pulls", {"title": "x", "head": "none", "base": "main"}, 422, "Validation Failed"),
    ("admin_1", "PUT", "/contents/new.txt", {"message": "x", "content": "?"}, 422, "content is not valid Base64"),
    ("admin_1", "PUT", "/contents/README.md", {"message": "x", "content": ENCODED, "sha": "0" * 40}, 409,
     "README.md does not match " + "0" * 40),
    ("admin_1", "POST", "/git/refs", {"ref": "refs/heads/main", "sha": "0" * 40}, 422, "Reference already exists"),
    ("admin_1", "POST", "/hooks", {"config": {"url": "ftp://x"}}, 422, "Validation Failed"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "method", "rest", "body", "status", "message"), REFUSALS)
def test_a_write_that_is_refused_says_why(
    ask: Client, who: str, method: str, rest: str, body: Any, status: int, message: str
) -> None:
    answer = ask.as_(f"ghp_sandbox_{who}" if who else None)(method, f"/repos/octo/hello{rest}", json=body)
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert answer.json()["documentation_url"].startswith("https://docs.github.com/")


def test_a_validation_error_names_resource_field_and_code(ask: Client) -> None:
    answer = ask("POST", "/repos/octo/hello/labels", json={"name": "bug", "color": "ffffff"})
    assert answer.json()["errors"] == [{"resource": "Label", "code": "already_exists", "field": "name"}]


@pytest.mark.parametrize("body", [b"{", b"[1]"])
def test_a_body_that_is_no_object_is_400(ask: Client, body: bytes) -> None:
    assert ask("POST", "/repos/octo/hello/labels", data=body).status_code == 400


def test_an_archived_repository_is_read_only_until_it_is_unarchived(ask: Client, hello: Repository) -> None:
    hello.archived = True
    refused = ask("POST", "/repos/octo/hello/labels", json={"name": "x", "color": "ffffff"})
    assert (refused.status_code, refused.json()["message"]) == (403, "Repository was archived so is read-only.")
    assert ask("PATCH", "/repos/octo/hello", json={"archived": False}).json()["archived"] is False


def test_hiding_a_repository_hides_it(ask: Client) -> None:
    ask("PATCH", "/repos/octo/hello", json={"visibility": "private"})
    assert ask.as_(None)("GET", "/repos/octo/hello").status_code == 404
    assert ask("GET", "/repos/octo/hello").json()["visibility"] == "private"


def test_a_label_that_is_renamed_stays_on_its_issues(ask: Client) -> None:
    ask("PATCH", "/repos/octo/hello/labels/bug", json={"new_name": "defect"})
    assert [label["name"] for label in ask("GET", "/repos/octo/hello/issues/1").json()["labels"]] == ["defect"]
    ask("DELETE", "/repos/octo/hello/labels/defect")
    assert ask("GET", "/repos/octo/hello/issues/1").json()["labels"] == []


def test_a_pull_request_from_branch_to_close(ask: Client) -> None:
    sha = ask("GET", "/repos/octo/hello/branches/main").json()["commit"]["sha"]
    assert ask("POST", "/repos/octo/hello/git/refs", json={"ref": "refs/heads/new", "sha": sha}).status_code == 201
    made = ask("POST", "/repos/octo/hello/pulls", json={"title": "New", "head": "new", "base": "main"})
    assert (made.status_code, made.json()["number"]) == (201, 3)
    assert [p["title"] for p in ask("GET", "/repos/octo/hello/pulls").json()] == ["New"]
    assert "pull_request" in ask("GET", "/repos/octo/hello/issues").json()[0]
    ask("PATCH", "/repos/octo/hello/pulls/3", json={"state": "closed"})
    assert ask("GET", "/repos/octo/hello/pulls").json() == []


def test_a_written_file_is_read_back_and_counts_as_language(ask: Client) -> None:
    body = {"message": "Add", "content": base64.b64encode(b"x = 1\n" * 9).decode()}
    assert ask("PUT", "/repos/octo/hello/contents/lib/x.py", json=body).status_code == 201
    raw = ask("GET", "/repos/octo/hello/contents/lib/x.py", headers={"Accept": "application/vnd.github.raw"})
    assert raw.content == b"x = 1\n" * 9
    assert ask("GET", "/repos/octo/hello/languages").json() == {"Python": 54 + len("print('hello')\n")}


def test_a_star_counts_once(ask: Client) -> None:
    for _ in range(2):
        assert ask("PUT", "/user/starred/octo/hello").status_code == 204
    assert ask("GET", "/repos/octo/hello").json()["stargazers_count"] == 1
    assert ask("GET", "/user/starred/octo/hello").status_code == 204
    ask("DELETE", "/user/starred/octo/hello")
    assert ask("GET", "/user/starred/octo/hello").status_code == 404


def test_a_disabled_workflow_says_so(ask: Client) -> None:
    assert ask("PUT", "/repos/octo/hello/actions/workflows/ci.yml/disable").status_code == 204
    assert ask("GET", "/repos/octo/hello/actions/workflows/ci.yml").json()["state"] == "disabled_manually"
