"""Mutations: checked as GitHub checks them, done by the same functions as REST's writes, so that hooks hear of them."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLResolveInfo

from github_sandbox import changes
from github_sandbox.entities import Account, Issue, Label, Milestone, Repository
from github_sandbox.graphql.asking import Asking, QueryRefused
from github_sandbox.graphql.nodes import find_nodes, unresolved
from github_sandbox.graphql.sources import Fields, Inside, type_name

_COLOUR = re.compile(r"[0-9A-Fa-f]{6}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_SWITCHES = {
    "hasIssuesEnabled": "has_issues",
    "hasProjectsEnabled": "has_projects",
    "hasWikiEnabled": "has_wiki",
    "hasDiscussionsEnabled": "has_discussions",
    "template": "is_template",
}
Wish = dict[str, Any]
Mutation = Callable[[Asking, Wish], Wish]


# -- issues


def _create_issue(asking: Asking, wish: Wish) -> Wish:
    repository = _one(asking, wish["repositoryId"], "Repository")
    if not repository.has_issues:
        raise QueryRefused("UNPROCESSABLE", "Issues are disabled for this repo")
    live = _writable(asking, repository, "pull", "CreateIssue")
    if not wish["title"].strip():
        raise _invalid("Title can't be blank")
    attributes = _attributes(asking, live, wish)
    labels = attributes.pop("labels", [])
    if attributes or labels:
        _allow(asking, live, "triage", "CreateIssue")
    issue = changes.create_issue(asking.world, live, asking.account, wish["title"], wish.get("body"), labels)
    if attributes:
        changes.edit_issue(asking.world, live, asking.account, issue, attributes)
    return {"issue": Inside(live, issue)}


def _update_issue(asking: Asking, wish: Wish) -> Wish:
    live, issue = _issue(asking, wish["id"], "UpdateIssue")
    if "title" in wish and not (wish["title"] or "").strip():
        raise _invalid("Title can't be blank")
    edits = {name: wish[name] for name in ("title", "body") if name in wish} | _attributes(asking, live, wish)
    if wish.get("state"):
        edits["state"] = wish["state"].lower()
    changes.edit_issue(asking.world, live, asking.account, issue, edits)
    return {"issue": Inside(live, issue), "actor": asking.account}


def _close_issue(asking: Asking, wish: Wish) -> Wish:
    live, issue = _issue(asking, wish["issueId"], "CloseIssue")
    reason = (wish.get("stateReason") or "COMPLETED").lower()
    edits = {"state": "closed", "state_reason": reason}
    changes.edit_issue(asking.world, live, asking.account, issue, edits)
    return {"issue": Inside(live, issue)}


def _reopen_issue(asking: Asking, wish: Wish) -> Wish:
    live, issue = _issue(asking, wish["issueId"], "ReopenIssue")
    changes.edit_issue(asking.world, live, asking.account, issue, {"state": "open"})
    return {"issue": Inside(live, issue)}


def _add_labels(asking: Asking, wish: Wish) -> Wish:
    def added(names: list[str], given: list[str]) -> list[str]:
        return [*names, *given]

    return _relabel(asking, wish, added, "AddLabelsToLabelable")


def _remove_labels(asking: Asking, wish: Wish) -> Wish:
    def removed(names: list[str], given: list[str]) -> list[str]:
        return [name for name in names if name not in given]

    return _relabel(asking, wish, removed, "RemoveLabelsFromLabelable")


def _relabel(asking: Asking, wish: Wish, change: Callable[[list[str], list[str]], list[str]], mutation: str) -> Wish:
    source = _one(asking, wish["labelableId"], "Issue", "PullRequest")
    live = _writable(asking, source.repository, "triage", mutation)
    issue = live.issues[source.it.number]
    given = [label.it.name for label in _of_repository(asking, live, wish["labelIds"], "Label")]
    names = change([label.name for label in issue.labels], given)
    changes.set_labels(asking.world, live, asking.account, issue, names)
    return {"labelable": Inside(live, issue)}


def _issue(asking: Asking, global_id: str, mutation: str) -> tuple[Repository, Issue]:
    """The issue to be changed: by its author, or by whoever may triage."""
    source = _one(asking, global_id, "Issue")
    role = "pull" if source.it.user is asking.account else "triage"
    live = _writable(asking, source.repository, role, mutation)
    return live, live.issues[source.it.number]


def _attributes(asking: Asking, live: Repository, wish: Wish) -> Wish:
    """Labels (names), assignees and milestone out of their IDs, as `changes.edit_issue` takes them."""
    found: Wish = {}
    if wish.get("labelIds") is not None:
        found["labels"] = [label.it.name for label in _of_repository(asking, live, wish["labelIds"], "Label")]
    if wish.get("assigneeIds") is not None:
        found["assignees"] = [_one(asking, global_id, "User") for global_id in wish["assigneeIds"]]
    if "milestoneId" in wish:
        given = [wish["milestoneId"]] if wish["milestoneId"] else []
        milestones: list[Inside[Milestone]] = _of_repository(asking, live, given, "Milestone")
        found["milestone"] = live.milestones[milestones[0].it.number] if milestones else None
    return found


# -- labels


def _create_label(asking: Asking, wish: Wish) -> Wish:
    live = _writable(asking, _one(asking, wish["repositoryId"], "Repository"), "push", "CreateLabel")
    _check_label(live, wish, None)
    made = changes.create_label(
        asking.world, live, asking.account, wish["name"], wish["color"], wish.get("description")
    )
    return {"label": Inside(live, made)}


def _update_label(asking: Asking, wish: Wish) -> Wish:
    live, label = _label(asking, wish["id"], "UpdateLabel")
    edits = {name: wish[name] for name in ("name", "color", "description") if wish.get(name) is not None}
    _check_label(live, edits, label)
    changes.edit_label(asking.world, live, asking.account, label, edits)
    return {"label": Inside(live, label)}


def _delete_label(asking: Asking, wish: Wish) -> Wish:
    live, label = _label(asking, wish["id"], "DeleteLabel")
    changes.delete_label(asking.world, live, asking.account, label)
    return {}


def _label(asking: Asking, global_id: str, mutation: str) -> tuple[Repository, Label]:
    source = _one(asking, global_id, "Label")
    live = _writable(asking, source.repository, "push", mutation)
    return live, live.labels[source.it.name.lower()]


def _check_label(live: Repository, wish: Wish, this: Label | None) -> None:
    if "name" in wish:
        if not wish["name"].strip():
            raise _invalid("Name can't be blank")
        if live.labels.get(wish["name"].lower(), this) is not this:
            raise _invalid("Name has already been taken")
    if "color" in wish and not _COLOUR.fullmatch(wish["color"]):
        raise _invalid("Color must be six hexadecimal digits")
    if len(wish.get("description") or "") > 100:
        raise _invalid("Description is too long (maximum is 100 characters)")


# -- repositories


def _update_repository(asking: Asking, wish: Wish) -> Wish:
    repository = _one(asking, wish["repositoryId"], "Repository")
    live = _writable(asking, repository, "admin", "UpdateRepository")
    edits = {ours: wish[theirs] for theirs, ours in _SWITCHES.items() if wish.get(theirs) is not None}
    edits |= {
        ours: wish[name] for name, ours in (("description", "description"), ("homepageUrl", "homepage")) if name in wish
    }
    if wish.get("name") is not None:
        edits["name"] = _free_name(asking, live, wish["name"])
    changes.edit_repository(asking.world, live, asking.account, edits)
    return {"repository": live}


def _free_name(asking: Asking, live: Repository, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise _invalid("Name can only contain ASCII letters, digits, and the characters ., -, and _")
    if asking.world.find_repository(live.owner, live.owner.login, name) not in (None, live):
        raise _invalid("Name already exists on this account")
    return name


def _add_star(asking: Asking, wish: Wish) -> Wish:
    return _star(asking, wish, changes.star)


def _remove_star(asking: Asking, wish: Wish) -> Wish:
    return _star(asking, wish, changes.unstar)


def _star(asking: Asking, wish: Wish, change: Callable[..., None]) -> Wish:
    live = asking.world.before_write(_one(asking, wish["starrableId"], "Repository"))
    change(asking.world, live, asking.account)
    return {"starrable": live}


# -- what they share


def _one(asking: Asking, global_id: str, *kinds: str) -> Any:
    """What the ID names, if it is one of *kinds*; raises NOT_FOUND."""
    return _all(asking, [global_id], kinds)[0]


def _all(asking: Asking, global_ids: Sequence[str], kinds: Sequence[str]) -> list[Any]:
    found = find_nodes(asking, global_ids)
    for global_id, source in zip(global_ids, found, strict=True):
        if source is None or type_name(source) not in kinds:
            raise unresolved(global_id)
    return found


def _of_repository(asking: Asking, live: Repository, global_ids: Sequence[str], kind: str) -> list[Inside[Any]]:
    found = _all(asking, global_ids, [kind])
    for global_id, source in zip(global_ids, found, strict=True):
        if source.repository.id != live.id:
            raise unresolved(global_id)
    return found


def _writable(asking: Asking, repository: Repository, role: str, mutation: str) -> Repository:
    """*repository* to be changed; raises FORBIDDEN where the account may not."""
    _allow(asking, repository, role, mutation)
    if repository.archived and role != "admin":
        raise QueryRefused("FORBIDDEN", "Repository was archived so is read-only.")
    return asking.world.before_write(repository)


def _allow(asking: Asking, repository: Repository, role: str, mutation: str) -> None:
    account: Account = asking.account
    if not asking.world.can(account, role, repository):
        if account.kind == "Bot":
            raise QueryRefused("FORBIDDEN", "Resource not accessible by integration")
        message = f"{account.login} does not have the correct permissions to execute `{mutation}`"
        raise QueryRefused("FORBIDDEN", message)


def _invalid(message: str) -> QueryRefused:
    return QueryRefused("UNPROCESSABLE", message)


def _resolver(mutation: Mutation) -> Callable[..., Wish]:
    def resolve(_root: None, info: GraphQLResolveInfo, **arguments: Wish) -> Wish:
        wish = arguments["input"]
        return mutation(info.context, wish) | {"clientMutationId": wish.get("clientMutationId")}

    return resolve


_MUTATIONS: dict[str, Mutation] = {
    "addLabelsToLabelable": _add_labels,
    "addStar": _add_star,
    "closeIssue": _close_issue,
    "createIssue": _create_issue,
    "createLabel": _create_label,
    "deleteLabel": _delete_label,
    "removeLabelsFromLabelable": _remove_labels,
    "removeStar": _remove_star,
    "reopenIssue": _reopen_issue,
    "updateIssue": _update_issue,
    "updateLabel": _update_label,
    "updateRepository": _update_repository,
}
FIELDS: dict[str, Fields] = {"Mutation": {name: _resolver(mutation) for name, mutation in _MUTATIONS.items()}}
