"""Repositories with their languages, topics and licences."""

from dataclasses import dataclass
from typing import Any

from graphql import GraphQLResolveInfo

from github_sandbox.clock import iso
from github_sandbox.entities import ROLES, Repository, node_id
from github_sandbox.graphql.accounts import people
from github_sandbox.graphql.connections import Connection, Order, connection, order_by
from github_sandbox.graphql.language_colours import COLOURS
from github_sandbox.graphql.sources import Fields
from github_sandbox.licences import LICENCES

_PERMISSIONS = dict(zip(ROLES, ("READ", "TRIAGE", "WRITE", "MAINTAIN", "ADMIN"), strict=True))


@dataclass(frozen=True, slots=True)
class Spoken:
    """A language, and how many bytes of it a repository has."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Tagged:
    """A topic of a repository."""

    repository: Repository
    name: str


def _languages(repository: Repository, info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    spoken = [Spoken(name, size) for name, size in repository.languages.items()]
    order = order_by(arguments, {"SIZE": lambda it: (it.size, it.name)}, Order(lambda it: (it.name,)))
    return connection(info, spoken, order, arguments)


def _topics(repository: Repository, info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    topics = [Tagged(repository, name) for name in repository.topics]
    return connection(info, topics, Order(lambda topic: (topic.name,)), arguments)


def _stargazers(repository: Repository, info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    known = [account for login in repository.starred_by if (account := info.context.world.account(login))]
    return people(info, known, arguments, total=repository.stargazers)


def _watchers(repository: Repository, info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    """The world knows how many watch, not who."""
    return people(info, [], arguments, total=repository.subscribers)


def _primary_language(repository: Repository, _info: GraphQLResolveInfo) -> Spoken | None:
    name = repository.language
    return Spoken(name, repository.languages[name]) if name else None


def _parent(repository: Repository, info: GraphQLResolveInfo) -> Repository | None:
    if repository.parent_id is None:
        return None
    return info.context.world.repository_by_id(info.context.account, repository.parent_id)


def _permission(repository: Repository, info: GraphQLResolveInfo) -> str | None:
    role = info.context.world.role(info.context.account, repository)
    return _PERMISSIONS[role] if role else None


def _ssh_url(repository: Repository, info: GraphQLResolveInfo) -> str:
    host = info.context.world.html_url.partition("//")[2].partition("/")[0]
    return f"git@{host}:{repository.full_name}.git"


FIELDS: dict[str, Fields] = {
    "Repository": {
        "id": lambda repository, info: repository.node_id,
        "databaseId": lambda repository, info: repository.id,
        "name": lambda repository, info: repository.name,
        "nameWithOwner": lambda repository, info: repository.full_name,
        "owner": lambda repository, info: repository.owner,
        "description": lambda repository, info: repository.description,
        "homepageUrl": lambda repository, info: repository.homepage,
        "resourcePath": lambda repository, info: f"/{repository.full_name}",
        "url": lambda repository, info: f"{info.context.world.html_url}/{repository.full_name}",
        "sshUrl": _ssh_url,
        "visibility": lambda repository, info: repository.visibility.upper(),
        "isPrivate": lambda repository, info: repository.private,
        "isFork": lambda repository, info: repository.fork,
        "isArchived": lambda repository, info: repository.archived,
        "isDisabled": lambda repository, info: repository.disabled,
        "isTemplate": lambda repository, info: repository.is_template,
        "isEmpty": lambda repository, info: repository.head is None,
        "isInOrganization": lambda repository, info: repository.owner.kind == "Organization",
        "hasIssuesEnabled": lambda repository, info: repository.has_issues,
        "hasProjectsEnabled": lambda repository, info: repository.has_projects,
        "hasWikiEnabled": lambda repository, info: repository.has_wiki,
        "hasDiscussionsEnabled": lambda repository, info: repository.has_discussions,
        "stargazerCount": lambda repository, info: repository.stargazers,
        "forkCount": lambda repository, info: repository.forks,
        "diskUsage": lambda repository, info: repository.size,
        "createdAt": lambda repository, info: iso(repository.created_at),
        "updatedAt": lambda repository, info: iso(repository.updated_at),
        "pushedAt": lambda repository, info: iso(repository.pushed_at),
        "stargazers": _stargazers,
        "watchers": _watchers,
        "primaryLanguage": _primary_language,
        "languages": _languages,
        "repositoryTopics": _topics,
        "licenseInfo": lambda repository, info: repository.license,
        "parent": _parent,
        "viewerPermission": _permission,
        "viewerCanAdminister": lambda repository, info: _permission(repository, info) == "ADMIN",
        "viewerHasStarred": lambda repository, info: info.context.account.login in repository.starred_by,
    },
    "Language": {
        "id": lambda language, info: node_id("Language", language.name),
        "name": lambda language, info: language.name,
        "color": lambda language, info: COLOURS.get(language.name),
    },
    "LanguageEdge": {"size": lambda edge, info: edge.item.size},
    "License": {
        "id": lambda key, info: node_id("License", key),
        "key": lambda key, info: key,
        "name": lambda key, info: LICENCES[key][0],
        "spdxId": lambda key, info: LICENCES[key][1],
        "pseudoLicense": lambda key, info: key == "other",
        "url": lambda key, info: None if key == "other" else f"http://choosealicense.com/licenses/{key}/",
    },
    "RepositoryTopic": {
        "id": lambda tagged, info: node_id("RepositoryTopic", f"{tagged.repository.id}:{tagged.name}"),
        "topic": lambda tagged, info: tagged.name,
        "resourcePath": lambda tagged, info: f"/topics/{tagged.name}",
        "url": lambda tagged, info: f"{info.context.world.html_url}/topics/{tagged.name}",
    },
    "Topic": {"id": lambda name, info: node_id("Topic", name), "name": lambda name, info: name},
}
