"""Releases. Drafts are shown to those who may push."""

from typing import Any
from urllib.parse import quote

from graphql import GraphQLResolveInfo

from github_sandbox.clock import iso
from github_sandbox.entities import Release, Repository
from github_sandbox.graphql.connections import Connection, Order, connection, order_by
from github_sandbox.graphql.sources import Fields, Inside, Reference, web
from github_sandbox.trees import Commit

_ORDERS = {
    "CREATED_AT": lambda release: (release.created_at, release.id),
    "NAME": lambda release: (release.name, release.id),
}


def _visible(repository: Repository, info: GraphQLResolveInfo) -> list[Release]:
    may_push = info.context.world.can(info.context.account, "push", repository)
    return [release for release in repository.releases if may_push or not release.draft]


def _releases(repository: Repository, info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    order = order_by(arguments, _ORDERS, Order(_ORDERS["CREATED_AT"], falling=True))
    return connection(info, _visible(repository, info), order, arguments, lambda it: Inside(repository, it))


def _release(repository: Repository, info: GraphQLResolveInfo, tagName: str) -> Inside[Release] | None:
    return next((Inside(repository, it) for it in _visible(repository, info) if it.tag_name == tagName), None)


def _latest(repository: Repository) -> Release | None:
    """The newest that is neither a draft nor a prerelease."""
    full = [release for release in repository.releases if not release.draft and not release.prerelease]
    return max(full, key=lambda release: release.created_at, default=None)


def _latest_release(repository: Repository, _info: GraphQLResolveInfo) -> Inside[Release] | None:
    latest = _latest(repository)
    return Inside(repository, latest) if latest else None


def _tag(source: Inside[Release], _info: GraphQLResolveInfo) -> Inside[Reference] | None:
    name = source.it.tag_name
    commit = source.repository.tags.get(name)
    return Inside(source.repository, Reference(f"refs/tags/{name}", commit)) if commit else None


def _tag_commit(source: Inside[Release], _info: GraphQLResolveInfo) -> Inside[Commit] | None:
    commit = source.repository.tags.get(source.it.tag_name)
    return Inside(source.repository, commit) if commit else None


FIELDS: dict[str, Fields] = {
    "Repository": {"releases": _releases, "release": _release, "latestRelease": _latest_release},
    "Release": web(lambda release: f"releases/tag/{quote(release.it.tag_name, safe='')}")
    | {
        "id": lambda release, info: release.it.node_id,
        "databaseId": lambda release, info: release.it.id,
        "tagName": lambda release, info: release.it.tag_name,
        "name": lambda release, info: release.it.name,
        "description": lambda release, info: release.it.body,
        "author": lambda release, info: release.it.author if release.it.author.kind == "User" else None,
        "isDraft": lambda release, info: release.it.draft,
        "isPrerelease": lambda release, info: release.it.prerelease,
        "isLatest": lambda release, info: release.it is _latest(release.repository),
        "createdAt": lambda release, info: iso(release.it.created_at),
        "updatedAt": lambda release, info: iso(release.it.published_at or release.it.created_at),
        "publishedAt": lambda release, info: iso(release.it.published_at),
        "tag": _tag,
        "tagCommit": _tag_commit,
        "repository": lambda release, info: release.repository,
    },
}
