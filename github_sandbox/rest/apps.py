"""Apps and their installations (docs.github.com/rest/apps): asked for with a JWT that the App signed."""

from typing import Any

from github_sandbox.bodies.accounts import simple_account
from github_sandbox.bodies.repositories import repository_in_list
from github_sandbox.call import Answer, Call, Refused, not_found
from github_sandbox.clock import iso
from github_sandbox.entities import App, Installation, node_id
from github_sandbox.rest.paging import page_of
from github_sandbox.routing import Route
from github_sandbox.tokens import issue_installation_token


def app(call: Call) -> Answer:
    found = _app(call)
    return Answer(
        {
            "id": found.id,
            "slug": found.slug,
            "node_id": node_id("App", found.id),
            "owner": simple_account(found.owner, call.urls),
            "name": found.name,
            "description": None,
            "external_url": f"{call.urls.html}/apps/{found.slug}",
            "html_url": f"{call.urls.html}/apps/{found.slug}",
            "installations_count": len(call.world.installations),
        }
    )


def installations(call: Call) -> Answer:
    _app(call)
    found = list(call.world.installations.values())
    return page_of(call, found, f"{call.api_url}/app/installations", lambda i: _installation_body(call, i))


def installation(call: Call, installation_id: str) -> Answer:
    return Answer(_installation_body(call, _installation(call, installation_id)))


def installation_of(call: Call, organization: Any) -> Answer:
    _app(call)
    for found in call.world.installations.values():
        if found.target is organization:
            return Answer(_installation_body(call, found))
    raise not_found()


def access_token(call: Call, installation_id: str) -> Answer:
    """A token for an hour."""
    found = _installation(call, installation_id)
    token = issue_installation_token(call.world, found)
    body: dict[str, Any] = {"token": token.value, "expires_at": iso(token.expires_at)}
    body |= {"permissions": found.permissions, "repository_selection": _selection(found)}
    return Answer(body, 201)


def installation_repositories(call: Call) -> Answer:
    """What the token's own installation covers."""
    found = call.token.installation if call.token else None
    if found is None:
        raise Refused(403, "You must authenticate with an installation access token in order to list repositories.")
    covered = [
        repository
        for repository in call.world.repositories_of(found.bot, found.target)
        if found.repository_ids is None or repository.id in found.repository_ids
    ]
    answer = page_of(
        call,
        covered,
        f"{call.api_url}/installation/repositories",
        lambda r: repository_in_list(r, call.urls, call.role(r)),
    )
    answer.body = {
        "total_count": len(covered),
        "repository_selection": _selection(found),
        "repositories": answer.body,
    }
    return answer


def _app(call: Call) -> App:
    if call.app is None:
        raise Refused(401, "A JSON web token could not be decoded")
    return call.app


def _installation(call: Call, installation_id: str) -> Installation:
    _app(call)
    found = call.world.installations.get(int(installation_id)) if installation_id.isdecimal() else None
    if found is None:
        raise not_found()
    return found


def _selection(found: Installation) -> str:
    return "all" if found.repository_ids is None else "selected"


def _installation_body(call: Call, found: Installation) -> dict[str, Any]:
    api = call.api_url
    return {
        "id": found.id,
        "account": simple_account(found.target, call.urls),
        "repository_selection": _selection(found),
        "access_tokens_url": f"{api}/app/installations/{found.id}/access_tokens",
        "repositories_url": f"{api}/installation/repositories",
        "html_url": f"{call.urls.html}/organizations/{found.target.login}/settings/installations/{found.id}",
        "app_id": found.app.id,
        "app_slug": found.app.slug,
        "target_id": found.target.id,
        "target_type": found.target.kind,
        "permissions": found.permissions,
        "events": found.events,
        "created_at": iso(found.created_at),
        "updated_at": iso(found.created_at),
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": None,
    }


ROUTES = [
    Route("GET", "/app", app),
    Route("GET", "/app/installations", installations),
    Route("GET", "/app/installations/{id}", installation),
    Route("POST", "/app/installations/{id}/access_tokens", access_token),
    Route("GET", "/installation/repositories", installation_repositories),
]
ORGANIZATION_ROUTES = [Route("GET", "/installation", installation_of)]
