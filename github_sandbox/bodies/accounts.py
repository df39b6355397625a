"""*pure*. Users and organisations (docs.github.com/rest/users, /rest/orgs)."""

from typing import Any

from github_sandbox.bodies.urls import Urls
from github_sandbox.clock import iso
from github_sandbox.entities import Account

Json = dict[str, Any]


def avatar(account: Account) -> str:
    return f"https://avatars.githubusercontent.com/u/{account.id}?v=4"


def simple_account(account: Account, urls: Urls) -> Json:
    """An account as it stands inside other bodies."""
    user = urls.user(account)
    return {
        "login": account.login,
        "id": account.id,
        "node_id": account.node_id,
        "avatar_url": avatar(account),
        "gravatar_id": "",
        "url": user,
        "html_url": f"{urls.html}/{account.login}",
        "followers_url": f"{user}/followers",
        "following_url": f"{user}/following{{/other_user}}",
        "gists_url": f"{user}/gists{{/gist_id}}",
        "starred_url": f"{user}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{user}/subscriptions",
        "organizations_url": f"{user}/orgs",
        "repos_url": f"{user}/repos",
        "events_url": f"{user}/events{{/privacy}}",
        "received_events_url": f"{user}/received_events",
        "type": account.kind,
        "site_admin": account.site_admin,
    }


def account_body(account: Account, urls: Urls, public_repos: int) -> Json:
    """`GET /users/{login}`: what everyone sees."""
    return simple_account(account, urls) | {
        "name": account.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": account.email,
        "hireable": None,
        "bio": account.description,
        "twitter_username": None,
        "public_repos": public_repos,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": iso(account.created_at),
        "updated_at": iso(account.updated_at),
    }


def own_account_body(account: Account, urls: Urls, public_repos: int, private_repos: int) -> Json:
    """`GET /user`: what the account itself sees."""
    return account_body(account, urls, public_repos) | {
        "private_gists": 0,
        "total_private_repos": private_repos,
        "owned_private_repos": private_repos,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": True,
        "plan": {"name": "free", "space": 976562499, "collaborators": 0, "private_repos": 10000},
    }


def simple_organization(organization: Account, urls: Urls) -> Json:
    """An organisation as in webhook payloads and lists."""
    org = f"{urls.api}/orgs/{organization.login}"
    return {
        "login": organization.login,
        "id": organization.id,
        "node_id": organization.node_id,
        "url": org,
        "repos_url": f"{org}/repos",
        "events_url": f"{org}/events",
        "hooks_url": f"{org}/hooks",
        "issues_url": f"{org}/issues",
        "members_url": f"{org}/members{{/member}}",
        "public_members_url": f"{org}/public_members{{/member}}",
        "avatar_url": avatar(organization),
        "description": organization.description,
    }


def organization_body(organization: Account, urls: Urls, public_repos: int) -> Json:
    """`GET /orgs/{org}` as a stranger sees it."""
    name = {"name": organization.name} if organization.name else {}
    return (
        simple_organization(organization, urls)
        | name
        | {
            "is_verified": False,
            "has_organization_projects": True,
            "has_repository_projects": True,
            "public_repos": public_repos,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "html_url": f"{urls.html}/{organization.login}",
            "created_at": iso(organization.created_at),
            "updated_at": iso(organization.updated_at),
            "archived_at": None,
            "type": "Organization",
        }
    )


def own_organization_body(organization: Account, urls: Urls, public_repos: int, private_repos: int) -> Json:
    """`GET /orgs/{org}` as its members see it."""
    return organization_body(organization, urls, public_repos) | {
        "total_private_repos": private_repos,
        "owned_private_repos": private_repos,
        "private_gists": 0,
        "disk_usage": 0,
        "collaborators": 0,
        "billing_email": organization.email,
        "default_repository_permission": "write",
        "members_can_create_repositories": True,
        "two_factor_requirement_enabled": False,
        "members_allowed_repository_creation_type": "all",
        "members_can_create_public_repositories": True,
        "members_can_create_private_repositories": True,
        "members_can_create_internal_repositories": False,
        "members_can_create_pages": True,
        "members_can_fork_private_repositories": False,
        "members_can_create_public_pages": True,
        "members_can_create_private_pages": True,
        "web_commit_signoff_required": False,
        "plan": {
            "name": "team",
            "space": 976562499,
            "private_repos": 999999,
            "filled_seats": len(organization.members),
            "seats": max(5, len(organization.members)),
        },
    }
