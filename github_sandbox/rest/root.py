"""`/`, `/rate_limit`, `/meta`, `/zen`: what concerns the API as a whole."""

from github_sandbox.call import Answer, Call
from github_sandbox.limits import Quota, identity
from github_sandbox.payloads import ZEN
from github_sandbox.routing import Route

_PAGED = "{&page,per_page,sort,order}"
_ROOT = {
    "current_user_url": "/user",
    "current_user_authorizations_html_url": None,
    "authorizations_url": "/authorizations",
    "code_search_url": f"/search/code?q={{query}}{_PAGED}",
    "commit_search_url": f"/search/commits?q={{query}}{_PAGED}",
    "emails_url": "/user/emails",
    "emojis_url": "/emojis",
    "events_url": "/events",
    "feeds_url": "/feeds",
    "followers_url": "/user/followers",
    "following_url": "/user/following{/target}",
    "gists_url": "/gists{/gist_id}",
    "hub_url": "/hub",
    "issue_search_url": f"/search/issues?q={{query}}{_PAGED}",
    "issues_url": "/issues",
    "keys_url": "/user/keys",
    "label_search_url": "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}",
    "notifications_url": "/notifications",
    "organization_url": "/orgs/{org}",
    "organization_repositories_url": "/orgs/{org}/repos{?type,page,per_page,sort}",
    "organization_teams_url": "/orgs/{org}/teams",
    "public_gists_url": "/gists/public",
    "rate_limit_url": "/rate_limit",
    "repository_url": "/repos/{owner}/{repo}",
    "repository_search_url": f"/search/repositories?q={{query}}{_PAGED}",
    "current_user_repositories_url": "/user/repos{?type,page,per_page,sort}",
    "starred_url": "/user/starred{/owner}{/repo}",
    "starred_gists_url": "/gists/starred",
    "topic_search_url": "/search/topics?q={query}{&page,per_page}",
    "user_url": "/users/{user}",
    "user_organizations_url": "/user/orgs",
    "user_repositories_url": "/users/{user}/repos{?type,page,per_page,sort}",
    "user_search_url": f"/search/users?q={{query}}{_PAGED}",
}


def root(call: Call) -> Answer:
    settings = f"{call.world.html_url}/settings/connections/applications{{/client_id}}"
    return Answer({name: settings if path is None else call.api_url + path for name, path in _ROOT.items()})


def rate_limit(call: Call) -> Answer:
    """Free: asking costs nothing."""
    who = identity(call.account, call.address)
    buckets = ("core", "search", "code_search", "graphql")
    quotas = {name: _shown(call.world.limits.quota(who, name, call.now)) for name in buckets}
    return Answer({"resources": quotas, "rate": quotas["core"]}, cacheable=False)


def meta(call: Call) -> Answer:
    return Answer({"verifiable_password_authentication": False, "hooks": ["127.0.0.1/32", "::1/128"]})


def zen(call: Call) -> Answer:
    return Answer(ZEN.encode(), content_type="text/plain;charset=utf-8")


def _shown(quota: Quota) -> dict[str, object]:
    return {
        "limit": quota.limit,
        "used": quota.used,
        "remaining": quota.remaining,
        "reset": quota.reset,
        "resource": quota.bucket,
    }


ROUTES = [
    Route("GET", "/", root),
    Route("GET", "/rate_limit", rate_limit),
    Route("GET", "/meta", meta),
    Route("GET", "/zen", zen),
]
