"""Reading over REST: who sees what, former names, disabled and blocked things, filters, forms of a file."""

import base64

import pytest

from github_sandbox import changes
from github_sandbox.clock import iso
from github_sandbox.entities import Account, Repository
from github_sandbox.server import Handle
from tests.sandbox.conftest import Client


def test_a_private_repository_is_404_to_whoever_may_not_see_it(ask: Client) -> None:
    assert ask("GET", "/repos/octo/secret").status_code == 200
    for token in (None, "ghp_sandbox_guest_1"):
        answer = ask.as_(token)("GET", "/repos/octo/secret")
        assert answer.status_code == 404
        assert answer.json()["message"] == "Not Found"


def test_lists_hold_only_what_the_caller_may_see(ask: Client) -> None:
    assert {r["name"] for r in ask("GET", "/orgs/octo/repos").json()} == {"hello", "secret"}
    assert {r["name"] for r in ask.as_(None)("GET", "/orgs/octo/repos").json()} == {"hello"}


def test_permissions_are_the_callers_own(ask: Client) -> None:
    assert "permissions" not in ask.as_(None)("GET", "/repos/octo/hello").json()
    assert ask("GET", "/repos/octo/hello").json()["permissions"]["admin"] is True
    dev = ask.as_("ghp_sandbox_dev_1")("GET", "/repos/octo/hello").json()["permissions"]
    assert (dev["push"], dev["admin"]) == (True, False)


def test_a_wrong_token_is_401(ask: Client) -> None:
    answer = ask.as_("wrong")("GET", "/user")
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


@pytest.mark.parametrize("scheme", ["token {}", "Bearer {}", "bearer {}"])
def test_every_scheme_that_clients_use_is_taken(ask: Client, scheme: str) -> None:
    headers = {"Authorization": scheme.format("ghp_sandbox_dev_1")}
    assert ask("GET", "/user", headers=headers).json()["login"] == "octo-dev"


def test_basic_credentials_with_a_token_are_taken(ask: Client) -> None:
    encoded = base64.b64encode(b"anything:ghp_sandbox_dev_1").decode()
    assert ask("GET", "/user", headers={"Authorization": f"Basic {encoded}"}).json()["login"] == "octo-dev"


def test_ids_lead_to_the_same_as_names(ask: Client, hello: Repository) -> None:
    by_name = ask("GET", "/repos/octo/hello/labels").json()
    assert ask("GET", f"/repositories/{hello.id}/labels").json() == by_name
    assert ask("GET", "/organizations/9001").json() == ask("GET", "/orgs/octo").json()


def test_a_former_name_redirects_reads_with_301_and_writes_with_307(
    ask: Client, sandbox: Handle, hello: Repository
) -> None:
    sandbox.world.rename(hello, "hallo")
    answer = ask("GET", "/repos/octo/hello/issues?state=all")
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{sandbox.url}/repositories/{hello.id}/issues?state=all"
    assert "ETag" not in answer.headers
    assert ask("PATCH", "/repos/octo/hello", json={}).status_code == 307
    assert ask("GET", "/repos/octo/hallo").json()["name"] == "hallo"


def test_disabled_issues_are_410(ask: Client, hello: Repository) -> None:
    hello.has_issues = False
    answer = ask("GET", "/repos/octo/hello/issues")
    assert (answer.status_code, answer.json()["message"]) == (410, "Issues are disabled for this repo")


def test_a_blocked_repository_is_451_with_the_block(ask: Client) -> None:
    block = {"reason": "dmca", "created_at": "2026-01-01T00:00:00Z", "html_url": "https://example.com/notice"}
    assert ask("PATCH", "/_sandbox/repositories/octo/hello", json={"blocked": block}).status_code == 200
    answer = ask("GET", "/repos/octo/hello")
    assert (answer.status_code, answer.json()["block"]) == (451, block)


def test_statistics_are_202_and_empty_before_they_are_ready(ask: Client) -> None:
    first = ask("GET", "/repos/octo/hello/stats/participation")
    assert (first.status_code, first.json()) == (202, {})
    assert "ETag" not in first.headers
    assert ask("GET", "/repos/octo/hello/stats/participation").json()["all"][-1] == 1


def test_issues_are_filtered_and_sorted(ask: Client, sandbox: Handle, hello: Repository, admin: Account) -> None:
    changes.edit_issue(sandbox.world, hello, admin, hello.issues[1], {"state": "closed"})
    titles = {state: [i["number"] for i in ask("GET", f"/repos/octo/hello/issues?state={state}").json()]
              for state in ("open", "closed", "all")}  # fmt: skip
    assert titles == {"open": [2], "closed": [1], "all": [2, 1]}
    assert [i["number"] for i in ask("GET", "/repos/octo/hello/issues?state=all&direction=asc").json()] == [1, 2]
    assert [i["number"] for i in ask("GET", "/repos/octo/hello/issues?state=all&labels=BUG").json()] == [1]
    later = iso(sandbox.world.clock.now() + 60)
    assert ask("GET", f"/repos/octo/hello/issues?state=all&since={later}").json() == []
    assert ask("GET", "/repos/octo/hello/issues?state=ajar").status_code == 422


def test_a_file_comes_as_json_or_raw(ask: Client) -> None:
    told = ask("GET", "/repos/octo/hello/contents/src/main.py").json()
    assert base64.b64decode(told["content"]) == b"print('hello')\n"
    raw = ask("GET", "/repos/octo/hello/contents/src/main.py", headers={"Accept": "application/vnd.github.raw+json"})
    assert raw.content == b"print('hello')\n"
    assert raw.headers["ETag"] == f'"{told["sha"]}"'


def test_a_folder_lists_files_and_folders(ask: Client) -> None:
    entries = ask("GET", "/repos/octo/hello/contents/").json()
    assert [(e["name"], e["type"]) for e in entries] == [(".github", "dir"), ("README.md", "file"), ("src", "dir")]
    assert ask("GET", "/repos/octo/hello/contents/nowhere").status_code == 404


def test_trees_and_blobs_bear_gits_own_names(ask: Client) -> None:
    tree = ask("GET", "/repos/octo/hello/git/trees/main?recursive=1").json()
    by_path = {entry["path"]: entry for entry in tree["tree"]}
    # What git hash-object and git write-tree say of these bytes.
    assert by_path["README.md"]["sha"] == "8954bb97349bfe2a7799e6a7a64c6f747c635d6c"
    assert by_path["src"]["sha"] == "9269075e638b383f836e5e65346a3dc2cd6e56c5"
    folder = ask("GET", by_path["src"]["url"]).json()
    assert [entry["path"] for entry in folder["tree"]] == ["main.py"]
    blob = ask("GET", by_path["src/main.py"]["url"]).json()
    assert base64.b64decode(blob["content"]) == b"print('hello')\n"


def test_an_older_commit_still_has_its_own_files(
    ask: Client, sandbox: Handle, hello: Repository, admin: Account
) -> None:
    before = hello.head
    assert before is not None
    changes.push(sandbox.world, hello, admin, {"README.md": b"# new\n"}, "Change")
    old = ask("GET", f"/repos/octo/hello/contents/README.md?ref={before.sha}").json()
    new = ask("GET", "/repos/octo/hello/contents/README.md").json()
    assert [base64.b64decode(f["content"]) for f in (old, new)] == [b"# hello\n", b"# new\n"]


def test_head_tells_the_length_and_sends_no_body(ask: Client) -> None:
    answer = ask("HEAD", "/repos/octo/hello")
    assert int(answer.headers["Content-Length"]) == len(ask("GET", "/repos/octo/hello").content)
    assert answer.content == b""


def test_workflows_are_read_off_the_default_branch(ask: Client) -> None:
    listed = ask("GET", "/repos/octo/hello/actions/workflows").json()
    assert [(w["name"], w["path"]) for w in listed["workflows"]] == [("CI", ".github/workflows/ci.yml")]


def test_an_unknown_path_is_404(ask: Client) -> None:
    assert ask("GET", "/nothing/here").status_code == 404
    assert ask("GET", "/repos/octo/hello/labels/none").status_code == 404
