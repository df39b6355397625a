"""Users, and what belongs to the asking one (docs.github.com/rest/users, /rest/activity)."""

from github_sandbox import changes
from github_sandbox.bodies.accounts import account_body, own_account_body, simple_organization
from github_sandbox.bodies.repositories import repository_in_list
from github_sandbox.call import Answer, Call, not_found, nothing
from github_sandbox.entities import Account, Repository
from github_sandbox.rest.paging import page_of
from github_sandbox.rest.repository_lists import counts, listed
from github_sandbox.routing import Route


def me(call: Call) -> Answer:
    account = call.signed_in()
    public, private = counts(call, account)
    return Answer(own_account_body(account, call.urls, public, private), last_modified=account.updated_at)


def user(call: Call, login: str) -> Answer:
    account = _account(call, login)
    return Answer(account_body(account, call.urls, counts(call, account)[0]), last_modified=account.updated_at)


def my_repositories(call: Call) -> Answer:
    """Those that the caller owns, collaborates on, or has by its organisations."""
    account = call.signed_in()
    mine = [
        r
        for r in call.world.visible_repositories(account)
        if r.owner is account or account.login in r.owner.members or account.login in r.collaborators
    ]
    return listed(call, mine, f"{call.api_url}/user/repos")


def repositories_of_user(call: Call, login: str) -> Answer:
    account = _account(call, login)
    return listed(call, call.world.repositories_of(None, account), f"{call.api_url}/user/{account.id}/repos")


def user_by_id(call: Call, number: str) -> Answer:
    return user(call, _login(call, number))


def repositories_by_id(call: Call, number: str) -> Answer:
    return repositories_of_user(call, _login(call, number))


def my_organizations(call: Call) -> Answer:
    account = call.signed_in()
    mine = [a for a in call.world.accounts.values() if account.login in a.members]
    return page_of(call, mine, f"{call.api_url}/user/orgs", lambda a: simple_organization(a, call.urls))


def notifications(call: Call) -> Answer:
    """Nobody is notified in the sandbox: the list is empty, the polling interval GitHub's."""
    call.signed_in()
    return Answer([], headers={"X-Poll-Interval": "60"})


def mark_notifications_read(call: Call) -> Answer:
    call.signed_in()
    return Answer(b"", 205, content_type="text/plain;charset=utf-8", cacheable=False)


def starred(call: Call) -> Answer:
    account = call.signed_in()
    stars = [r for r in call.world.visible_repositories(account) if account.login in r.starred_by]
    return page_of(
        call, stars, f"{call.api_url}/user/starred", lambda r: repository_in_list(r, call.urls, call.role(r))
    )


def is_starred(call: Call, owner: str, name: str) -> Answer:
    if call.signed_in().login not in _repository(call, owner, name).starred_by:
        raise not_found()
    return nothing()


def star(call: Call, owner: str, name: str) -> Answer:
    changes.star(call.world, call.world.before_write(_repository(call, owner, name)), call.signed_in())
    return nothing()


def unstar(call: Call, owner: str, name: str) -> Answer:
    changes.unstar(call.world, call.world.before_write(_repository(call, owner, name)), call.signed_in())
    return nothing()


def _account(call: Call, login: str) -> Account:
    if (account := call.world.account(login)) is None:
        raise not_found()
    return account


def _login(call: Call, number: str) -> str:
    account = call.world.account_by_id(int(number)) if number.isdecimal() else None
    if account is None:
        raise not_found()
    return account.login


def _repository(call: Call, owner: str, name: str) -> Repository:
    if (repository := call.world.find_repository(call.signed_in(), owner, name)) is None:
        raise not_found()
    return repository


ROUTES = [
    Route("GET", "/user", me),
    Route("GET", "/user/repos", my_repositories, "public_repo, repo"),
    Route("GET", "/user/orgs", my_organizations, "admin:org, read:org, repo, user, write:org"),
    Route("GET", "/user/starred", starred),
    Route("GET", "/user/starred/{owner}/{repo}", is_starred),
    Route("PUT", "/user/starred/{owner}/{repo}", star, "public_repo, repo"),
    Route("DELETE", "/user/starred/{owner}/{repo}", unstar, "public_repo, repo"),
    Route("GET", "/user/{id}", user_by_id),
    Route("GET", "/user/{id}/repos", repositories_by_id),
    Route("GET", "/users/{login}", user),
    Route("GET", "/users/{login}/repos", repositories_of_user),
    Route("GET", "/notifications", notifications, "notifications, repo"),
    Route("PUT", "/notifications", mark_notifications_read, "notifications, repo"),
]
