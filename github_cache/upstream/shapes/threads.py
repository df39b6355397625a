"""Issues, pull requests and labels (pure). Sources: docs.github.com/rest/issues, /rest/pulls; GraphQL's Issue,
PullRequest and Label.

Assignees are left out: in GraphQL they are a connection per issue, which would double what a batch costs.
"""

from collections.abc import Mapping
from typing import Any

from github_cache.upstream.shapes.reading import (
    Json,
    graphql_account,
    instant,
    lowered,
    need,
    nodes,
    rest_account,
    text,
)


def label_of_rest(body: Mapping[str, Any]) -> Json:
    """A label."""
    return {
        "node_id": need(body, "node_id"),
        "name": need(body, "name"),
        "color": need(body, "color"),
        "default": bool(body.get("default")),
        "description": text(body.get("description")),
    }


def label_of_graphql(node: Mapping[str, Any]) -> Json:
    """The same out of the fragment LabelFields."""
    return {
        "node_id": need(node, "id"),
        "name": need(node, "name"),
        "color": need(node, "color"),
        "default": need(node, "isDefault"),
        "description": text(node.get("description")),
    }


def by_name(labels: list[Json]) -> list[Json]:
    """Labels in an order that both APIs can be brought into."""
    return sorted(labels, key=lambda label: (label["name"].lower(), label["name"]))


def issue_of_rest(body: Mapping[str, Any]) -> Json:
    """An issue. Raises BadAnswer for anything else."""
    return _thread_of_rest(body) | {
        "state_reason": body.get("state_reason"),
        "comments": need(body, "comments"),
    }


def issue_of_graphql(node: Mapping[str, Any]) -> Json:
    """The same out of the fragment IssueFields."""
    return _thread_of_graphql(node) | {
        "state_reason": lowered(node.get("stateReason")),
        "comments": need(node, "comments")["totalCount"],
    }


def is_pull(body: Mapping[str, Any]) -> bool:
    """Is this item of REST's list of issues a pull request?"""
    return "pull_request" in body


def pull_of_rest(body: Mapping[str, Any]) -> Json:
    """A pull request out of `GET …/pulls`. Raises BadAnswer for anything else."""
    return _thread_of_rest(body) | {
        "draft": bool(body.get("draft")),
        "merged_at": instant(body.get("merged_at")),
        "head": {"ref": need(body, "head")["ref"], "sha": body["head"]["sha"]},
        "base": {"ref": need(body, "base")["ref"], "sha": body["base"]["sha"]},
    }


def pull_of_graphql(node: Mapping[str, Any]) -> Json:
    """The same out of the fragment PullFields."""
    return _thread_of_graphql(node) | {
        "draft": need(node, "isDraft"),
        "merged_at": instant(node.get("mergedAt")),
        "head": {"ref": need(node, "headRefName"), "sha": need(node, "headRefOid")},
        "base": {"ref": need(node, "baseRefName"), "sha": need(node, "baseRefOid")},
    }


def _thread_of_rest(body: Mapping[str, Any]) -> Json:
    milestone = body.get("milestone")
    return {
        "id": need(body, "id"),
        "node_id": need(body, "node_id"),
        "number": need(body, "number"),
        "title": need(body, "title"),
        "body": text(body.get("body")),
        "state": need(body, "state"),
        "locked": need(body, "locked"),
        "user": rest_account(body.get("user")),
        "author_association": need(body, "author_association"),
        "labels": by_name([label_of_rest(label) for label in body.get("labels") or ()]),
        "milestone": {"number": milestone["number"], "title": milestone["title"]} if milestone else None,
        "html_url": need(body, "html_url"),
        "created_at": instant(need(body, "created_at")),
        "updated_at": instant(need(body, "updated_at")),
        "closed_at": instant(body.get("closed_at")),
    }


def _thread_of_graphql(node: Mapping[str, Any]) -> Json:
    milestone = node.get("milestone")
    return {
        "id": int(need(node, "fullDatabaseId")),
        "node_id": need(node, "id"),
        "number": need(node, "number"),
        "title": need(node, "title"),
        "body": text(node.get("body")),
        "state": "open" if need(node, "state") == "OPEN" else "closed",
        "locked": need(node, "locked"),
        "user": graphql_account(node.get("author")),
        "author_association": need(node, "authorAssociation"),
        "labels": by_name([label_of_graphql(label) for label in nodes(node.get("labels"))]),
        "milestone": {"number": milestone["number"], "title": milestone["title"]} if milestone else None,
        "html_url": need(node, "url"),
        "created_at": instant(need(node, "createdAt")),
        "updated_at": instant(need(node, "updatedAt")),
        "closed_at": instant(node.get("closedAt")),
    }
