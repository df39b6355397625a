"""Webhooks of repositories, organisations and the App, and their deliveries (docs.github.com/rest/webhooks).

Only admins see them; to everyone else they are 404. Deliveries are kept for three days and paged by `cursor`.
"""

from typing import Any

from github_sandbox.bodies.hooks import delivery_body, delivery_in_list, hook_body, hook_config, hook_url
from github_sandbox.call import Answer, Call, Refused, invalid, not_found, nothing
from github_sandbox.deliveries import KEPT_SECONDS
from github_sandbox.entities import Account, Repository
from github_sandbox.hooks import Delivery, Hook
from github_sandbox.links import page_wanted
from github_sandbox.rest.paging import organization_url, page_of, repository_url
from github_sandbox.routing import Route

Owner = Repository | Account
_MOST_HOOKS = 20
_CONFIG = ("url", "secret", "content_type", "insecure_ssl")


def hooks(call: Call, owner: Owner) -> Answer:
    found = _hooks_of(call, owner)
    return page_of(call, found, _list_url(call, owner, "/hooks"), lambda h: hook_body(h, _url(call, h, owner)))


def hook(call: Call, owner: Owner, hook_id: str) -> Answer:
    found = _hook(call, owner, hook_id)
    return Answer(hook_body(found, _url(call, found, owner)), last_modified=found.updated_at)


def create_hook(call: Call, owner: Owner) -> Answer:
    present = _hooks_of(call, owner)
    wish = call.json()
    config = _config(wish.get("config"))
    if "url" not in config:
        raise Refused(
            422, "Validation Failed", [{"resource": "Hook", "code": "custom", "message": "url cannot be blank"}]
        )
    events = _events(wish.get("events", ["push"]))
    if any(h.url == config["url"] and set(h.events) & set(events) for h in present):
        message = "Hook already exists on this " + ("repository" if isinstance(owner, Repository) else "organization")
        raise Refused(422, "Validation Failed", [{"resource": "Hook", "code": "custom", "message": message}])
    if len(present) >= _MOST_HOOKS:
        raise Refused(422, "Validation Failed", [{"resource": "Hook", "code": "custom", "message": "Too many hooks"}])
    kind = "repository" if isinstance(owner, Repository) else "organization"
    made = Hook(call.world.next_id(), kind, owner.id, config["url"], events)
    made.created_at = made.updated_at = call.now
    made.active = bool(wish.get("active", True))
    _configure(made, config)
    call.world.hooks[made.id] = made
    if made.active:
        _ping(call, made, owner)
    body = hook_body(made, _url(call, made, owner))
    return Answer(body, 201, {"Location": body["url"]})


def edit_hook(call: Call, owner: Owner, hook_id: str) -> Answer:
    found = _hook(call, owner, hook_id)
    wish = call.json()
    _configure(found, _config(wish.get("config", {})))
    if "events" in wish:
        found.events = _events(wish["events"])
    found.events = _events([*found.events, *wish.get("add_events", [])])
    found.events = [event for event in found.events if event not in wish.get("remove_events", [])]
    found.active = bool(wish.get("active", found.active))
    found.updated_at = call.now
    return Answer(hook_body(found, _url(call, found, owner)))


def delete_hook(call: Call, owner: Owner, hook_id: str) -> Answer:
    del call.world.hooks[_hook(call, owner, hook_id).id]
    return nothing()


def config(call: Call, owner: Owner, hook_id: str) -> Answer:
    return Answer(hook_config(_hook(call, owner, hook_id)))


def edit_config(call: Call, owner: Owner, hook_id: str) -> Answer:
    found = _hook(call, owner, hook_id)
    _configure(found, _config(call.json()))
    return Answer(hook_config(found))


def ping(call: Call, owner: Owner, hook_id: str) -> Answer:
    _ping(call, _hook(call, owner, hook_id), owner)
    return nothing()


def deliveries(call: Call, owner: Owner, hook_id: str) -> Answer:
    found = _hook(call, owner, hook_id)
    return _deliveries(call, found, _list_url(call, owner, f"/hooks/{hook_id}/deliveries"))


def delivery(call: Call, owner: Owner, hook_id: str, delivery_id: str) -> Answer:
    found = _hook(call, owner, hook_id)
    return Answer(delivery_body(_delivery(call, found, delivery_id), found))


def redeliver(call: Call, owner: Owner, hook_id: str, delivery_id: str) -> Answer:
    return _redeliver(call, _hook(call, owner, hook_id), delivery_id)


def app_config(call: Call) -> Answer:
    return Answer(hook_config(_app_hook(call)))


def edit_app_config(call: Call) -> Answer:
    """An App's hook is active from when it is first told where to send."""
    found = _app_hook(call)
    _configure(found, _config(call.json()))
    found.active = True
    return Answer(hook_config(found))


def app_deliveries(call: Call) -> Answer:
    return _deliveries(call, _app_hook(call), f"{call.api_url}/app/hook/deliveries")


def app_delivery(call: Call, delivery_id: str) -> Answer:
    found = _app_hook(call)
    return Answer(delivery_body(_delivery(call, found, delivery_id), found))


def app_redeliver(call: Call, delivery_id: str) -> Answer:
    return _redeliver(call, _app_hook(call), delivery_id)


def _hooks_of(call: Call, owner: Owner) -> list[Hook]:
    account = call.signed_in()
    if isinstance(owner, Repository):
        if not call.world.can(account, "admin", owner):
            raise not_found()
        return call.world.hooks_of("repository", owner.id)
    if owner.members.get(account.login) != "admin":
        raise not_found()
    return call.world.hooks_of("organization", owner.id)


def _hook(call: Call, owner: Owner, hook_id: str) -> Hook:
    for found in _hooks_of(call, owner):
        if str(found.id) == hook_id:
            return found
    raise not_found()


def _app_hook(call: Call) -> Hook:
    if call.app is None:
        raise Refused(401, "A JSON web token could not be decoded")
    return call.world.hooks_of("integration", call.app.id)[0]


def _url(call: Call, found: Hook, owner: Owner) -> str:
    repository = owner if isinstance(owner, Repository) else None
    return hook_url(found, repository, None if isinstance(owner, Repository) else owner.login, call.urls)


def _list_url(call: Call, owner: Owner, rest: str) -> str:
    made: Any = repository_url if isinstance(owner, Repository) else organization_url
    return str(made(call, owner, rest))


def _config(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise invalid("Hook", "config")
    told = {name: str(given[name]) for name in _CONFIG if given.get(name) is not None}
    if not told.get("url", "http://").startswith(("http://", "https://")):
        raise invalid("Hook", "url", "custom", "url must be http or https")
    if told.get("content_type", "json") not in ("json", "form"):
        raise invalid("Hook", "content_type")
    return told


def _configure(found: Hook, told: dict[str, str]) -> None:
    for name, value in told.items():
        if not (name == "secret" and value == "********"):
            setattr(found, name, value)


def _events(given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(event, str) and event for event in given):
        raise invalid("Hook", "events")
    return list(dict.fromkeys(given))


def _ping(call: Call, found: Hook, owner: Owner) -> None:
    repository = owner if isinstance(owner, Repository) else None
    organization = owner.owner if isinstance(owner, Repository) else owner
    shown = organization if organization.kind == "Organization" else None
    call.deliveries.ping(found, call.signed_in(), repository, shown)


def _kept(call: Call, found: Hook) -> list[Delivery]:
    return [d for d in found.deliveries if d.delivered_at >= call.now - KEPT_SECONDS]


def _deliveries(call: Call, found: Hook, url: str) -> Answer:
    kept = _kept(call, found)
    cursor = call.query.get("cursor", "")
    if cursor.isdecimal():
        kept = [d for d in kept if d.id < int(cursor)]
    size = page_wanted(call.query).per_page
    answer = Answer([delivery_in_list(d) for d in kept[:size]])
    if len(kept) > size:
        answer.headers["Link"] = f'<{url}?per_page={size}&cursor={kept[size - 1].id}>; rel="next"'
    return answer


def _delivery(call: Call, found: Hook, delivery_id: str) -> Delivery:
    for sent in _kept(call, found):
        if str(sent.id) == delivery_id:
            return sent
    raise not_found()


def _redeliver(call: Call, found: Hook, delivery_id: str) -> Answer:
    call.deliveries.redeliver(found, _delivery(call, found, delivery_id))
    return Answer({}, 202)


_SHARED: list[tuple[str, str, Any]] = [
    ("GET", "/hooks", hooks),
    ("POST", "/hooks", create_hook),
    ("GET", "/hooks/{id}", hook),
    ("PATCH", "/hooks/{id}", edit_hook),
    ("DELETE", "/hooks/{id}", delete_hook),
    ("GET", "/hooks/{id}/config", config),
    ("PATCH", "/hooks/{id}/config", edit_config),
    ("POST", "/hooks/{id}/pings", ping),
    ("GET", "/hooks/{id}/deliveries", deliveries),
    ("GET", "/hooks/{id}/deliveries/{delivery}", delivery),
    ("POST", "/hooks/{id}/deliveries/{delivery}/attempts", redeliver),
]
REPOSITORY_ROUTES = [Route(*route, "admin:repo_hook, read:repo_hook, repo, write:repo_hook") for route in _SHARED]
ORGANIZATION_ROUTES = [Route(*route, "admin:org_hook") for route in _SHARED]
ROUTES = [
    Route("GET", "/app/hook/config", app_config),
    Route("PATCH", "/app/hook/config", edit_app_config),
    Route("GET", "/app/hook/deliveries", app_deliveries),
    Route("GET", "/app/hook/deliveries/{id}", app_delivery),
    Route("POST", "/app/hook/deliveries/{id}/attempts", app_redeliver),
]
