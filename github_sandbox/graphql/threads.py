"""Issues, pull requests and their comments."""

from collections.abc import Callable, Iterable
from typing import Any

from graphql import GraphQLResolveInfo

from github_sandbox.bodies.issues import association
from github_sandbox.clock import iso
from github_sandbox.entities import Issue, Label, Milestone, PullRequest, Repository
from github_sandbox.graphql.accounts import people
from github_sandbox.graphql.asking import not_found
from github_sandbox.graphql.connections import Connection, Order, connection, order_by
from github_sandbox.graphql.labels import labels_of
from github_sandbox.graphql.sources import Fields, Inside, Reference, Said, web
from github_sandbox.trees import Commit

_ORDERS = {
    "COMMENTS": lambda issue: (len(issue.comments), issue.id),
    "CREATED_AT": lambda issue: (issue.created_at, issue.id),
    "UPDATED_AT": lambda issue: (issue.updated_at, issue.id),
}


# -- lists


def _listed(
    info: GraphQLResolveInfo, repository: Repository, chosen: Iterable[Issue], arguments: dict[str, Any]
) -> Connection:
    order = order_by(arguments, _ORDERS, Order(_ORDERS["CREATED_AT"]))
    return connection(info, chosen, order, arguments, lambda issue: Inside(repository, issue))


def _issues_among(
    info: GraphQLResolveInfo, repository: Repository, among: Iterable[Issue], arguments: dict[str, Any]
) -> Connection:
    tests = [*_filters(arguments.get("filterBy") or {}), *_filters(arguments)]
    chosen = [i for i in among if not isinstance(i, PullRequest) and all(fits(i) for fits in tests)]
    return _listed(info, repository, chosen if repository.has_issues else [], arguments)


def _pulls_among(
    info: GraphQLResolveInfo, repository: Repository, among: Iterable[Issue], arguments: dict[str, Any]
) -> Connection:
    head, base = arguments.get("headRefName"), arguments.get("baseRefName")
    tests = _filters(arguments)
    chosen = [
        pull
        for pull in among
        if isinstance(pull, PullRequest)
        and all(fits(pull) for fits in tests)
        and head in (None, pull.head_ref)
        and base in (None, pull.base_ref)
    ]
    return _listed(info, repository, chosen, arguments)


def _filters(wanted: dict[str, Any]) -> list[Callable[[Issue], bool]]:
    """The tests that *wanted* (arguments of a list, or IssueFilters) sets; of several labels one is enough."""
    tests: list[Callable[[Issue], bool]] = []
    if (states := wanted.get("states")) is not None:
        tests.append(lambda issue: _state(issue) in states)
    if (labels := wanted.get("labels")) is not None:
        names = {name.lower() for name in labels}
        tests.append(lambda issue: any(label.name.lower() in names for label in issue.labels))
    if (since := wanted.get("since")) is not None:
        tests.append(lambda issue: issue.updated_at >= since)
    if (login := wanted.get("createdBy")) is not None:
        tests.append(lambda issue: issue.user.login.lower() == login.lower())
    if "assignee" in wanted:
        assignee = wanted["assignee"]
        tests.append(lambda issue: _is_among(assignee, [account.login for account in issue.assignees]))
    for name, attribute in (("milestone", "id"), ("milestoneNumber", "number")):
        if name in wanted:
            tests.append(
                lambda issue, value=wanted[name], attribute=attribute: _is_among(  # type: ignore[misc]
                    value, [str(getattr(issue.milestone, attribute))] if issue.milestone else []
                )
            )
    return tests


def _is_among(wanted: str | None, has: list[str]) -> bool:
    """As GitHub's filters have it: null is none, `*` is any."""
    if wanted is None:
        return not has
    return bool(has) if wanted == "*" else wanted.lower() in [value.lower() for value in has]


def _labelled(source: Inside[Label]) -> list[Issue]:
    issues = source.repository.issues.values()
    return [issue for issue in issues if any(label.id == source.it.id for label in issue.labels)]


def _due(source: Inside[Milestone]) -> list[Issue]:
    issues = source.repository.issues.values()
    return [issue for issue in issues if issue.milestone and issue.milestone.id == source.it.id]


# -- one of them


def _find(repository: Repository, number: int, kind: type[Issue] | None, what: str) -> Inside[Issue]:
    found = repository.issues.get(number)
    hidden = not repository.has_issues and type(found) is Issue
    if found is None or hidden or kind not in (None, type(found)):
        raise not_found(f"Could not resolve to {what} with the number of {number}.")
    return Inside(repository, found)


def _state(issue: Issue) -> str:
    is_merged = isinstance(issue, PullRequest) and issue.merged_at is not None
    return "MERGED" if is_merged else issue.state.upper()


def _state_reason(source: Inside[Issue], _info: GraphQLResolveInfo, enableDuplicate: bool | None = False) -> str | None:
    reason = (source.it.state_reason or "").upper() or None
    return "NOT_PLANNED" if reason == "DUPLICATE" and not enableDuplicate else reason


def _comments(source: Inside[Issue], info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    order = Order(lambda comment: (comment.created_at, comment.id))
    return connection(
        info, source.it.comments, order, arguments, lambda comment: Inside(source.repository, Said(source.it, comment))
    )


def _ref(name: str, source: Inside[PullRequest]) -> Inside[Reference] | None:
    commit = source.repository.branches.get(name)
    return Inside(source.repository, Reference(f"refs/heads/{name}", commit)) if commit else None


def _merge_commit(source: Inside[PullRequest], info: GraphQLResolveInfo) -> Inside[Commit] | None:
    sha = source.it.merge_commit_sha if source.it.merged_at is not None else None
    commit = info.context.world.commit(source.repository, sha) if sha else None
    return Inside(source.repository, commit) if commit else None


def _thread(kind: str) -> Fields:
    """What issues and pull requests have in common; *kind* is the word in their web address."""
    return web(lambda source: f"{kind}/{source.it.number}") | {
        "id": lambda source, info: source.it.node_id,
        "databaseId": lambda source, info: source.it.id,
        "fullDatabaseId": lambda source, info: str(source.it.id),
        "number": lambda source, info: source.it.number,
        "title": lambda source, info: source.it.title,
        "body": lambda source, info: source.it.body or "",
        "state": lambda source, info: _state(source.it),
        "author": lambda source, info: source.it.user,
        "authorAssociation": lambda source, info: association(source.repository, source.it.user),
        "viewerDidAuthor": lambda source, info: source.it.user is info.context.account,
        "viewerCanLabel": lambda source, info: info.context.world.can(
            info.context.account, "triage", source.repository
        ),
        "assignees": lambda source, info, **arguments: people(info, source.it.assignees, arguments),
        "labels": lambda source, info, **arguments: labels_of(source.repository, source.it.labels, info, arguments),
        "milestone": lambda source, info: (
            Inside(source.repository, source.it.milestone) if source.it.milestone else None
        ),
        "comments": _comments,
        "locked": lambda source, info: source.it.locked,
        "closed": lambda source, info: source.it.state == "closed",
        "closedAt": lambda source, info: iso(source.it.closed_at),
        "createdAt": lambda source, info: iso(source.it.created_at),
        "publishedAt": lambda source, info: iso(source.it.created_at),
        "updatedAt": lambda source, info: iso(source.it.updated_at),
        "repository": lambda source, info: source.repository,
    }


def _said(source: Inside[Said]) -> str:
    issue = source.it.issue
    kind = "pull" if isinstance(issue, PullRequest) else "issues"
    return f"{kind}/{issue.number}#issuecomment-{source.it.comment.id}"


FIELDS: dict[str, Fields] = {
    "Repository": {
        "issues": lambda repository, info, **arguments: _issues_among(
            info, repository, repository.issues.values(), arguments
        ),
        "pullRequests": lambda repository, info, **arguments: _pulls_among(
            info, repository, repository.issues.values(), arguments
        ),
        "issue": lambda repository, info, number: _find(repository, number, Issue, "an Issue"),
        "pullRequest": lambda repository, info, number: _find(repository, number, PullRequest, "a PullRequest"),
        "issueOrPullRequest": lambda repository, info, number: _find(
            repository, number, None, "an issue or pull request"
        ),
    },
    "Label": {
        "issues": lambda label, info, **arguments: _issues_among(info, label.repository, _labelled(label), arguments),
        "pullRequests": lambda label, info, **arguments: _pulls_among(
            info, label.repository, _labelled(label), arguments
        ),
    },
    "Milestone": {
        "issues": lambda milestone, info, **arguments: _issues_among(
            info, milestone.repository, _due(milestone), arguments
        ),
        "pullRequests": lambda milestone, info, **arguments: _pulls_among(
            info, milestone.repository, _due(milestone), arguments
        ),
    },
    "Issue": _thread("issues") | {"stateReason": _state_reason},
    "PullRequest": _thread("pull")
    | {
        "isDraft": lambda source, info: source.it.draft,
        "isCrossRepository": lambda source, info: False,
        "merged": lambda source, info: source.it.merged_at is not None,
        "mergedAt": lambda source, info: iso(source.it.merged_at),
        "mergedBy": lambda source, info: source.it.merged_by,
        "mergeCommit": _merge_commit,
        "mergeable": lambda source, info: "MERGEABLE" if source.it.state == "open" else "UNKNOWN",
        "baseRef": lambda source, info: _ref(source.it.base_ref, source),
        "baseRefName": lambda source, info: source.it.base_ref,
        "baseRefOid": lambda source, info: source.it.base_sha,
        "baseRepository": lambda source, info: source.repository,
        "headRef": lambda source, info: _ref(source.it.head_ref, source),
        "headRefName": lambda source, info: source.it.head_ref,
        "headRefOid": lambda source, info: source.it.head_sha,
        "headRepository": lambda source, info: source.repository,
        "headRepositoryOwner": lambda source, info: source.repository.owner,
    },
    "IssueComment": web(_said)
    | {
        "id": lambda source, info: source.it.comment.node_id,
        "databaseId": lambda source, info: source.it.comment.id,
        "fullDatabaseId": lambda source, info: str(source.it.comment.id),
        "author": lambda source, info: source.it.comment.user,
        "authorAssociation": lambda source, info: association(source.repository, source.it.comment.user),
        "body": lambda source, info: source.it.comment.body,
        "createdAt": lambda source, info: iso(source.it.comment.created_at),
        "publishedAt": lambda source, info: iso(source.it.comment.created_at),
        "updatedAt": lambda source, info: iso(source.it.comment.updated_at),
        "viewerDidAuthor": lambda source, info: source.it.comment.user is info.context.account,
        "issue": lambda source, info: Inside(source.repository, source.it.issue),
        "pullRequest": lambda source, info: (
            Inside(source.repository, source.it.issue) if isinstance(source.it.issue, PullRequest) else None
        ),
        "repository": lambda source, info: source.repository,
    },
}
