"""Users, organisations and bots."""

from typing import Any

from graphql import GraphQLResolveInfo

from github_sandbox.bodies.accounts import avatar
from github_sandbox.clock import iso
from github_sandbox.entities import Account, Repository
from github_sandbox.graphql.asking import Asking, QueryRefused, not_found
from github_sandbox.graphql.connections import Connection, Order, connection, order_by
from github_sandbox.graphql.sources import Fields

_REPOSITORY_ORDERS = {
    "CREATED_AT": lambda repository: (repository.created_at, repository.id),
    "NAME": lambda repository: (repository.name.lower(), repository.id),
    "PUSHED_AT": lambda repository: (repository.pushed_at, repository.id),
    "STARGAZERS": lambda repository: (repository.stargazers, repository.id),
    "UPDATED_AT": lambda repository: (repository.updated_at, repository.id),
}


def find_repository(asking: Asking, owner: str, name: str, follow_renames: bool | None) -> Repository:
    """The repository of that name; raises NOT_FOUND where there is none that the viewer may see."""
    world, viewer = asking.world, asking.account
    found = world.find_repository(viewer, owner, name)
    if found is None and follow_renames:
        found = world.find_renamed(viewer, owner, name)
    if found is None:
        raise not_found(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
    if found.blocked:
        raise QueryRefused("FORBIDDEN", "Repository access blocked")
    return found


def find_organization(asking: Asking, login: str) -> Account:
    if (found := asking.world.organization(login)) is None:
        raise not_found(f"Could not resolve to an Organization with the login of '{login}'.")
    return found


def find_user(asking: Asking, login: str) -> Account:
    found = asking.world.account(login)
    if found is None or found.kind != "User":
        raise not_found(f"Could not resolve to a User with the login of '{login}'.")
    return found


def people(info: GraphQLResolveInfo, accounts: list[Account], arguments: dict[str, Any], **more: Any) -> Connection:
    """A connection of the users among *accounts*, in the order of their IDs."""
    users = [account for account in accounts if account.kind == "User"]
    return connection(info, users, Order(lambda user: (user.id,)), arguments, **more)


def _repositories(owner: Account, info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    chosen = [repository for repository in _affiliated(owner, info.context, arguments) if _fits(repository, arguments)]
    return connection(info, chosen, order_by(arguments, _REPOSITORY_ORDERS, Order(lambda r: (r.id,))), arguments)


def _affiliated(owner: Account, asking: Asking, arguments: dict[str, Any]) -> list[Repository]:
    wanted = arguments.get("ownerAffiliations") or ()
    return [
        repository
        for repository in asking.world.visible_repositories(asking.account)
        if ("OWNER" in wanted and repository.owner is owner)
        or ("COLLABORATOR" in wanted and owner.login in repository.collaborators)
        or ("ORGANIZATION_MEMBER" in wanted and owner.login in repository.owner.members)
    ]


def _fits(repository: Repository, arguments: dict[str, Any]) -> bool:
    shown = {
        "privacy": "PRIVATE" if repository.private else "PUBLIC",
        "visibility": repository.visibility.upper(),
        "isFork": repository.fork,
        "isArchived": repository.archived,
        "hasIssuesEnabled": repository.has_issues,
    }
    return all(arguments.get(name) in (None, value) for name, value in shown.items())


def _members(organization: Account, info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    world = info.context.world
    members = [(world.account(login), role.upper()) for login, role in organization.members.items()]
    users = [(account, role) for account, role in members if account is not None and account.kind == "User"]
    return connection(info, users, Order(lambda member: (member[0].id,)), arguments, lambda member: member[0])


def _organizations(user: Account, info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    accounts = info.context.world.accounts.values()
    theirs = [account for account in accounts if user.login in account.members]
    return connection(info, theirs, Order(lambda organization: (organization.id,)), arguments)


def _repository(owner: Account, info: GraphQLResolveInfo, name: str, followRenames: bool | None = True) -> Repository:
    return find_repository(info.context, owner.login, name, followRenames)


def _avatar(account: Account, _info: GraphQLResolveInfo, size: int | None = None) -> str:
    return avatar(account) + (f"&s={size}" if size else "")


def _role(organization: Account, asking: Asking) -> str | None:
    return organization.members.get(asking.account.login)


_ACTOR: Fields = {
    "id": lambda account, info: account.node_id,
    "databaseId": lambda account, info: account.id,
    "login": lambda account, info: account.login,
    "avatarUrl": _avatar,
    "resourcePath": lambda account, info: f"/{account.login}",
    "url": lambda account, info: f"{info.context.world.html_url}/{account.login}",
    "createdAt": lambda account, info: iso(account.created_at),
    "updatedAt": lambda account, info: iso(account.updated_at),
}
_OWNER: Fields = _ACTOR | {
    "name": lambda account, info: account.name,
    "repositories": _repositories,
    "repository": _repository,
}
FIELDS: dict[str, Fields] = {
    "Bot": _ACTOR,
    "User": _OWNER
    | {
        "bio": lambda user, info: user.description,
        "email": lambda user, info: user.email or "",
        "isSiteAdmin": lambda user, info: user.site_admin,
        "isViewer": lambda user, info: user is info.context.account,
        "organization": lambda user, info, login: next(
            (a for a in info.context.world.accounts.values() if a.login == login and user.login in a.members), None
        ),
        "organizations": _organizations,
    },
    "Organization": _OWNER
    | {
        "description": lambda organization, info: organization.description,
        "email": lambda organization, info: organization.email,
        "membersWithRole": _members,
        "viewerCanAdminister": lambda organization, info: _role(organization, info.context) == "admin",
        "viewerIsAMember": lambda organization, info: _role(organization, info.context) is not None,
    },
    "OrganizationMemberEdge": {"role": lambda edge, info: edge.item[1]},
}
