"""Mutations change the world as REST's writes do, tell its listeners, and are refused as GitHub refuses."""

from typing import Any

import pytest

from github_sandbox import changes
from github_sandbox.entities import Repository
from github_sandbox.world import Happening, World
from tests.sandbox.asking import Asker, asker, small_world


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
def heard(world: World) -> list[tuple[str, Any]]:
    """(event, action) of everything that hooks would be told."""
    heard: list[tuple[str, Any]] = []

    def listen(happening: Happening) -> None:
        heard.append((happening.event, happening.payload.get("action")))

    world.listeners.append(listen)
    return heard


@pytest.fixture
def ask(world: World) -> Asker:
    return asker(world, "octo-admin")


@pytest.fixture
def repository(world: World) -> Repository:
    return next(r for r in world.repositories.values() if r.has_issues and not r.private and not r.archived)


def mutate(ask: Asker, name: str, fields: str, /, **wish: Any) -> dict[str, Any]:
    """The payload of one mutation that works."""
    kind = name[0].upper() + name[1:]
    query = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ clientMutationId {fields} }} }}"
    payload: dict[str, Any] = ask.data(query, input=wish | {"clientMutationId": "mine"})[name]
    assert payload.pop("clientMutationId") == "mine"
    return payload


def refused(ask: Asker, name: str, /, **wish: Any) -> tuple[str, str]:
    """(type, message) of the one error of a mutation that does not."""
    kind = name[0].upper() + name[1:]
    query = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ clientMutationId }} }}"
    result = ask.result(query, input=wish)
    assert result.body["data"] == {name: None}
    (error,) = result.body["errors"]
    return error["type"], error["message"]


def test_create_an_issue(ask: Asker, repository: Repository, heard: list[tuple[str, Any]]) -> None:
    label = next(iter(repository.labels.values()))
    milestone = changes.create_milestone(ask.world, repository, ask.account, "First", None)
    heard.clear()
    payload = mutate(
        ask,
        "createIssue",
        """issue { number title body state labels(first: 9) { nodes { name } } milestone { title }
           assignees(first: 1) { nodes { login } } }""",
        repositoryId=repository.node_id,
        title="It breaks",
        body="Badly",
        labelIds=[label.node_id],
        assigneeIds=[ask.account.node_id],
        milestoneId=milestone.node_id,
    )
    issue = repository.issues[payload["issue"].pop("number")]
    assert (issue.title, issue.body, issue.labels, issue.milestone) == ("It breaks", "Badly", [label], milestone)
    assert payload["issue"] == {
        "title": "It breaks",
        "body": "Badly",
        "state": "OPEN",
        "labels": {"nodes": [{"name": label.name}]},
        "milestone": {"title": "First"},
        "assignees": {"nodes": [{"login": "octo-admin"}]},
    }
    assert heard[:2] == [("issues", "opened"), ("issues", "labeled")]
    assert set(heard[2:]) == {("issues", "assigned"), ("issues", "milestoned")}


def test_update_close_and_reopen(ask: Asker, repository: Repository, heard: list[tuple[str, Any]]) -> None:
    issue = next(issue for issue in repository.only_issues() if issue.state == "open")
    edited = mutate(ask, "updateIssue", "issue { title } actor { login }", id=issue.node_id, title="Now it works")
    assert edited == {"issue": {"title": "Now it works"}, "actor": {"login": "octo-admin"}}
    closed = mutate(ask, "closeIssue", "issue { closed stateReason }", issueId=issue.node_id, stateReason="NOT_PLANNED")
    assert closed == {"issue": {"closed": True, "stateReason": "NOT_PLANNED"}}
    mutate(ask, "reopenIssue", "issue { state }", issueId=issue.node_id)
    mutate(ask, "updateIssue", "issue { state }", id=issue.node_id, state="CLOSED")
    assert (issue.title, issue.state, issue.closed_by) == ("Now it works", "closed", ask.account)
    assert heard == [("issues", action) for action in ("edited", "closed", "reopened", "closed")]


@pytest.mark.parametrize("kind", ["issue", "pull"])
def test_labels_come_and_go(ask: Asker, repository: Repository, heard: list[tuple[str, Any]], kind: str) -> None:
    found = repository.only_issues() if kind == "issue" else repository.pulls()
    it, label = found[0], repository.labels["bug"]
    it.labels = []
    wish = {"labelableId": it.node_id, "labelIds": [label.node_id]}
    fields = "labelable { labels(first: 9) { nodes { name } } }"
    event = "issues" if kind == "issue" else "pull_request"
    assert mutate(ask, "addLabelsToLabelable", fields, **wish)["labelable"]["labels"]["nodes"] == [{"name": "bug"}]
    assert it.labels == [label]
    assert mutate(ask, "removeLabelsFromLabelable", fields, **wish)["labelable"]["labels"]["nodes"] == []
    assert it.labels == []
    assert heard == [(event, "labeled"), (event, "unlabeled")]


def test_a_label_from_its_making_to_its_end(ask: Asker, repository: Repository, heard: list[tuple[str, Any]]) -> None:
    made = mutate(
        ask, "createLabel", "label { id name color }", repositoryId=repository.node_id, name="New", color="aabbcc"
    )["label"]
    assert repository.labels["new"].node_id == made["id"]
    mutate(ask, "updateLabel", "label { name }", id=made["id"], name="Newer", description="Not old")
    assert "new" not in repository.labels
    assert (repository.labels["newer"].name, repository.labels["newer"].color) == ("Newer", "aabbcc")
    mutate(ask, "deleteLabel", "", id=made["id"])
    assert "newer" not in repository.labels
    assert heard == [("label", "created"), ("label", "edited"), ("label", "deleted")]


def test_a_repository_is_renamed_and_set(ask: Asker, repository: Repository, heard: list[tuple[str, Any]]) -> None:
    before = repository.name
    fields = "repository { nameWithOwner description hasWikiEnabled isTemplate homepageUrl }"
    wish = {
        "name": "other",
        "description": "New",
        "hasWikiEnabled": False,
        "template": True,
        "homepageUrl": "https://x.test",
    }
    payload = mutate(ask, "updateRepository", fields, repositoryId=repository.node_id, **wish)
    assert payload["repository"] == {
        "nameWithOwner": "octo-sample/other",
        "description": "New",
        "hasWikiEnabled": False,
        "isTemplate": True,
        "homepageUrl": "https://x.test",
    }
    assert ("repository", "renamed") in heard
    assert ask.world.find_renamed(ask.account, "octo-sample", before) is repository


def test_a_star_is_counted_once(ask: Asker, repository: Repository, heard: list[tuple[str, Any]]) -> None:
    before = repository.stargazers
    fields = "starrable { stargazerCount viewerHasStarred }"
    for name, count, has in (("addStar", 1, True), ("addStar", 1, True), ("removeStar", 0, False)):
        shown = mutate(ask, name, fields, starrableId=repository.node_id)["starrable"]
        assert shown == {"stargazerCount": before + count, "viewerHasStarred": has}
    assert heard.count(("star", "created")) == 1


def test_those_who_may_not_are_refused(world: World, repository: Repository, heard: list[tuple[str, Any]]) -> None:
    guest = asker(world, "octo-guest")
    issue = next(issue for issue in repository.only_issues() if issue.user is not guest.account)
    label = repository.labels["bug"]
    wishes = {
        "createLabel": {"repositoryId": repository.node_id, "name": "x", "color": "ffffff"},
        "updateLabel": {"id": label.node_id, "name": "x"},
        "deleteLabel": {"id": label.node_id},
        "updateIssue": {"id": issue.node_id, "title": "x"},
        "closeIssue": {"issueId": issue.node_id},
        "addLabelsToLabelable": {"labelableId": issue.node_id, "labelIds": [label.node_id]},
        "updateRepository": {"repositoryId": repository.node_id, "name": "mine"},
        "createIssue": {"repositoryId": repository.node_id, "title": "x", "labelIds": [label.node_id]},
    }
    for name, wish in wishes.items():
        kind = name[0].upper() + name[1:]
        says = f"octo-guest does not have the correct permissions to execute `{kind}`"
        assert refused(guest, name, **wish) == ("FORBIDDEN", says)
    assert heard == []


def test_anyone_may_open_an_issue_and_close_their_own(world: World, repository: Repository) -> None:
    guest = asker(world, "octo-guest")
    made = mutate(guest, "createIssue", "issue { id viewerDidAuthor }", repositoryId=repository.node_id, title="Hello")
    assert made["issue"]["viewerDidAuthor"] is True
    mutate(guest, "closeIssue", "issue { closed }", issueId=made["issue"]["id"])


@pytest.mark.parametrize(
    ("name", "wish", "message"),
    [
        ("createLabel", {"name": "BUG", "color": "ffffff"}, "Name has already been taken"),
        ("createLabel", {"name": " ", "color": "ffffff"}, "Name can't be blank"),
        ("createLabel", {"name": "x", "color": "red"}, "Color must be six hexadecimal digits"),
        ("createIssue", {"title": "  "}, "Title can't be blank"),
        ("updateRepository", {"name": "no spaces"}, "Name can only contain"),
    ],
)
def test_what_is_unfit_is_refused(
    ask: Asker, repository: Repository, heard: list[tuple[str, Any]], name: str, wish: dict[str, str], message: str
) -> None:
    kind, says = refused(ask, name, repositoryId=repository.node_id, **wish)
    assert kind == "UNPROCESSABLE"
    assert says.startswith(message)
    assert heard == []


def test_a_name_that_is_taken(ask: Asker, repository: Repository) -> None:
    other = next(r for r in ask.world.repositories.values() if r is not repository)
    kind, says = refused(ask, "updateRepository", repositoryId=repository.node_id, name=other.name.upper())
    assert (kind, says) == ("UNPROCESSABLE", "Name already exists on this account")


def test_a_label_of_another_repository_is_not_found(ask: Asker, repository: Repository) -> None:
    other = next(r for r in ask.world.repositories.values() if r is not repository)
    issue, label = repository.only_issues()[0], other.labels["bug"]
    kind, _ = refused(ask, "addLabelsToLabelable", labelableId=issue.node_id, labelIds=[label.node_id])
    assert kind == "NOT_FOUND"


def test_an_archived_repository_is_read_only(ask: Asker, repository: Repository) -> None:
    repository.archived = True
    wish = {"repositoryId": repository.node_id, "name": "x", "color": "ffffff"}
    assert refused(ask, "createLabel", **wish) == ("FORBIDDEN", "Repository was archived so is read-only.")


def test_reads_may_lag_behind_a_write(ask: Asker, repository: Repository) -> None:
    """As GitHub's read side does: the change is made, and shows once the lag is over."""
    ask.world.lag_seconds = 2
    issue = repository.only_issues()[0]
    before = issue.title
    mutate(ask, "updateIssue", "issue { title }", id=issue.node_id, title="Changed")
    read = f'{{ node(id: "{issue.node_id}") {{ ... on Issue {{ title }} }} }}'
    assert ask.data(read)["node"]["title"] == before
    ask.world.clock.move(3)
    assert ask.data(read)["node"]["title"] == "Changed"


def test_several_mutations_run_one_after_another(ask: Asker, repository: Repository) -> None:
    query = """mutation($r: ID!) {
        a: createLabel(input: {repositoryId: $r, name: "one", color: "000000"}) { label { name } }
        b: createLabel(input: {repositoryId: $r, name: "ONE", color: "000000"}) { label { name } }
        c: createLabel(input: {repositoryId: $r, name: "two", color: "000000"}) { label { name } } }"""
    body = ask.result(query, r=repository.node_id).body
    assert body["data"] == {"a": {"label": {"name": "one"}}, "b": None, "c": {"label": {"name": "two"}}}
    assert [error["path"] for error in body["errors"]] == [["b"]]
