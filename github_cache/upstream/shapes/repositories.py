"""Repositories (pure). Sources: docs.github.com/rest/repos/repos, docs.github.com/graphql/reference/objects#repository.

`watchers_count` is the number of stars, as in the REST API, whose name for it is older than watching.
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

_SAME_IN_REST = (
    "id", "node_id", "name", "full_name", "html_url", "private", "fork", "default_branch", "language",
    "stargazers_count", "forks_count", "watchers_count", "open_issues_count", "size", "has_issues",
)  # fmt: skip


def repository_of_rest(body: Mapping[str, Any]) -> Json:
    """A repository out of `GET /repos/{owner}/{repo}` or a list. Raises BadAnswer for anything else."""
    licence = body.get("license") or {}
    return _in_order(
        {name: need(body, name) for name in _SAME_IN_REST}
        | {
            "owner": rest_account(need(body, "owner")),
            "description": text(body.get("description")),
            "homepage": text(body.get("homepage")),
            "visibility": body.get("visibility") or ("private" if body["private"] else "public"),
            "archived": bool(body.get("archived")),
            "disabled": bool(body.get("disabled")),
            "is_template": bool(body.get("is_template")),
            "topics": sorted(body.get("topics") or ()),
            "license": licence.get("spdx_id"),
        }
        | {name: instant(body.get(name)) for name in ("created_at", "updated_at", "pushed_at")}
    )


def repository_of_graphql(node: Mapping[str, Any]) -> Json:
    """The same out of the fragment RepositoryFields. Raises BadAnswer for anything else."""
    open_threads = sum(need(node, name)["totalCount"] for name in ("openIssues", "openPullRequests"))
    stars = need(node, "stargazerCount")
    return _in_order(
        {
            "id": need(node, "databaseId"),
            "node_id": need(node, "id"),
            "name": need(node, "name"),
            "full_name": need(node, "nameWithOwner"),
            "owner": graphql_account(need(node, "owner")),
            "description": text(node.get("description")),
            "html_url": need(node, "url"),
            "homepage": text(node.get("homepageUrl")),
            "visibility": lowered(need(node, "visibility")),
            "private": need(node, "isPrivate"),
            "fork": need(node, "isFork"),
            "archived": need(node, "isArchived"),
            "disabled": need(node, "isDisabled"),
            "is_template": need(node, "isTemplate"),
            "default_branch": (node.get("defaultBranchRef") or {}).get("name"),
            "language": (node.get("primaryLanguage") or {}).get("name"),
            "topics": sorted(topic["topic"]["name"] for topic in nodes(node.get("repositoryTopics"))),
            "license": (node.get("licenseInfo") or {}).get("spdxId"),
            "stargazers_count": stars,
            "forks_count": need(node, "forkCount"),
            "watchers_count": stars,
            "open_issues_count": open_threads,
            "size": node.get("diskUsage") or 0,
            "has_issues": need(node, "hasIssuesEnabled"),
            "created_at": instant(need(node, "createdAt")),
            "updated_at": instant(need(node, "updatedAt")),
            "pushed_at": instant(node.get("pushedAt")),
        }
    )


def languages_of_rest(body: Mapping[str, int]) -> dict[str, int]:
    """Bytes by language, the largest first."""
    return dict(sorted(body.items(), key=lambda pair: (-pair[1], pair[0])))


def languages_of_graphql(connection: Mapping[str, Any] | None) -> dict[str, int]:
    """The same out of a page of `languages`."""
    edges = (connection or {}).get("edges") or ()
    return languages_of_rest({edge["node"]["name"]: edge["size"] for edge in edges if edge})


_ORDER = (
    "id", "node_id", "name", "full_name", "owner", "description", "html_url", "homepage", "visibility", "private",
    "fork", "archived", "disabled", "is_template", "default_branch", "language", "topics", "license",
    "stargazers_count", "forks_count", "watchers_count", "open_issues_count", "size", "has_issues", "created_at",
    "updated_at", "pushed_at",
)  # fmt: skip


def _in_order(fields: Json) -> Json:
    return {name: fields[name] for name in _ORDER}
