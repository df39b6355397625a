"""Labels and milestones of a repository."""

from typing import Any
from urllib.parse import quote

from graphql import GraphQLResolveInfo

from github_sandbox.clock import iso
from github_sandbox.entities import Label, Milestone, Repository
from github_sandbox.graphql.connections import Connection, Order, connection, order_by
from github_sandbox.graphql.sources import Fields, Inside, web

_LABEL_ORDERS = {
    "CREATED_AT": lambda label: (label.id,),
    "NAME": lambda label: (label.name.lower(), label.id),
}
_MILESTONE_ORDERS = {
    "CREATED_AT": lambda milestone: (milestone.created_at, milestone.id),
    "DUE_DATE": lambda milestone: (milestone.due_on or 0, milestone.id),
    "NUMBER": lambda milestone: (milestone.number,),
    "UPDATED_AT": lambda milestone: (milestone.updated_at, milestone.id),
}


def labels_of(
    repository: Repository, labels: list[Label], info: GraphQLResolveInfo, arguments: dict[str, Any]
) -> Connection:
    """A connection of *labels* of *repository*; `query` is looked for in name and description."""
    if query := (arguments.get("query") or "").lower():
        labels = [label for label in labels if query in f"{label.name}\n{label.description or ''}".lower()]
    order = order_by(arguments, _LABEL_ORDERS, Order(_LABEL_ORDERS["CREATED_AT"]))
    return connection(info, labels, order, arguments, lambda label: Inside(repository, label))


def _labels(repository: Repository, info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    return labels_of(repository, list(repository.labels.values()), info, arguments)


def _label(repository: Repository, _info: GraphQLResolveInfo, name: str) -> Inside[Label] | None:
    found = repository.labels.get(name.lower())
    return Inside(repository, found) if found else None


def _milestones(repository: Repository, info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    states, query = arguments.get("states"), (arguments.get("query") or "").lower()
    chosen = [
        milestone
        for milestone in repository.milestones.values()
        if (states is None or milestone.state.upper() in states) and query in milestone.title.lower()
    ]
    order = order_by(arguments, _MILESTONE_ORDERS, Order(_MILESTONE_ORDERS["NUMBER"]))
    return connection(info, chosen, order, arguments, lambda milestone: Inside(repository, milestone))


def _milestone(repository: Repository, _info: GraphQLResolveInfo, number: int) -> Inside[Milestone] | None:
    found = repository.milestones.get(number)
    return Inside(repository, found) if found else None


def _progress(source: Inside[Milestone], _info: GraphQLResolveInfo) -> float:
    """Per cent of its issues and pull requests that are closed."""
    issues = source.repository.issues.values()
    states = [issue.state for issue in issues if issue.milestone and issue.milestone.id == source.it.id]
    return 100.0 * states.count("closed") / len(states) if states else 0.0


FIELDS: dict[str, Fields] = {
    "Repository": {"labels": _labels, "label": _label, "milestones": _milestones, "milestone": _milestone},
    "Label": web(lambda label: f"labels/{quote(label.it.name, safe='')}")
    | {
        "id": lambda label, info: label.it.node_id,
        "name": lambda label, info: label.it.name,
        "color": lambda label, info: label.it.color,
        "description": lambda label, info: label.it.description,
        "isDefault": lambda label, info: label.it.default,
        "repository": lambda label, info: label.repository,
    },
    "Milestone": web(lambda milestone: f"milestone/{milestone.it.number}")
    | {
        "id": lambda milestone, info: milestone.it.node_id,
        "number": lambda milestone, info: milestone.it.number,
        "title": lambda milestone, info: milestone.it.title,
        "description": lambda milestone, info: milestone.it.description,
        "state": lambda milestone, info: milestone.it.state.upper(),
        "creator": lambda milestone, info: milestone.it.creator,
        "closed": lambda milestone, info: milestone.it.state == "closed",
        "closedAt": lambda milestone, info: iso(milestone.it.closed_at),
        "dueOn": lambda milestone, info: iso(milestone.it.due_on),
        "createdAt": lambda milestone, info: iso(milestone.it.created_at),
        "updatedAt": lambda milestone, info: iso(milestone.it.updated_at),
        "progressPercentage": _progress,
        "repository": lambda milestone, info: milestone.repository,
    },
}
