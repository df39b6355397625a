"""Organisations, their members and repositories (docs.github.com/rest/orgs)."""

from github_sandbox import changes
from github_sandbox.bodies.accounts import organization_body, own_organization_body, simple_account
from github_sandbox.bodies.repositories import repository_body
from github_sandbox.call import Answer, Call, Refused, invalid
from github_sandbox.entities import Account
from github_sandbox.rest.paging import organization_url, page_of
from github_sandbox.rest.repository_lists import counts, listed
from github_sandbox.routing import Route
from github_sandbox.tokens import is_member

_SCOPES = "admin:org, read:org, repo, user, write:org"
_REPOS_DOCS = "https://docs.github.com/rest/reference/repos#create-an-organization-repository"


def organization(call: Call, org: Account) -> Answer:
    public, private = counts(call, org)
    if is_member(org, call.account):
        body = own_organization_body(org, call.urls, public, private)
    else:
        body = organization_body(org, call.urls, public)
    return Answer(body, last_modified=org.updated_at)


def repositories(call: Call, org: Account) -> Answer:
    url = organization_url(call, org, "/repos")
    return listed(call, call.world.repositories_of(call.account, org), url, "created")


def members(call: Call, org: Account) -> Answer:
    known = [a for login in org.members if (a := call.world.account(login))]
    shown = known if is_member(org, call.account) else []
    return page_of(call, shown, organization_url(call, org, "/members"), lambda a: simple_account(a, call.urls))


def create_repository(call: Call, org: Account) -> Answer:
    account = call.signed_in()
    if not is_member(org, account):
        raise Refused(403, "You need admin access to the organization before adding a repository to it.")
    wish = call.json()
    name = wish.get("name")
    if not isinstance(name, str) or not name:
        raise invalid("Repository", "name", "missing_field")
    if call.world.find_repository(org, org.login, name):
        raise invalid("Repository", "name", "custom", "name already exists on this account")
    made = changes.create_repository(call.world, org, account, name, wish)
    return Answer(repository_body(made, call.urls, call.role(made)), 201, {"Location": call.urls.repo(made)})


ROUTES = [
    Route("GET", "", organization, _SCOPES),
    Route("GET", "/repos", repositories, _SCOPES),
    Route("POST", "/repos", create_repository, "public_repo, repo", _REPOS_DOCS, creates_content=True),
    Route("GET", "/members", members, _SCOPES),
]
