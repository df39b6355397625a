"""The part of `/_sandbox/` that changes the world: events, pushed files, tokens, what REST cannot set.

Each handler gets the call and the world, and answers JSON; a ValueError says what is wrong with the request.
"""

import base64
import binascii
import hashlib
import math
from collections.abc import Callable
from typing import Any

from github_sandbox import changes
from github_sandbox.call import Call
from github_sandbox.clock import iso
from github_sandbox.entities import Account, Repository, Token
from github_sandbox.events import default_payload
from github_sandbox.world import Happening, World

Json = dict[str, Any]


def number(value: Any, name: str, least: float = -math.inf) -> float:
    """*value* if it is a finite number of *least* or more; ValueError naming the field *name* where it is not."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"{name} must be a number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be {least:g} or more, not {value}")
    return float(value)


def _emit(call: Call, world: World) -> Json:
    wish = call.json()
    event = wish.get("event")
    if not isinstance(event, str) or not event:
        raise ValueError("event must be the name of an event, such as push")
    repository = _repository(world, wish["repository"]) if wish.get("repository") else None
    organization = world.organization(str(wish.get("organization"))) if wish.get("organization") else None
    if repository is None and organization is None:
        raise ValueError("say for which repository (owner/name) or organization the event is")
    owner = repository.owner if repository else organization
    if organization is None and owner is not None and owner.kind == "Organization":
        organization = owner
    payload = wish.get("payload", default_payload(world, event, repository))
    if not isinstance(payload, dict):
        raise ValueError("payload must be a JSON object")
    sender = _sender(world, wish.get("sender"), repository, organization)
    for _ in range(int(number(wish.get("times", 1), "times", 0))):
        world.happened(Happening(event, payload, sender, repository, organization))
    return {"event": event, "sent": wish.get("times", 1)}


def _push(call: Call, world: World) -> Json:
    wish = call.json()
    repository = world.before_write(_repository(world, wish.get("repository")))
    path = wish.get("path")
    if not isinstance(path, str) or not path.strip("/"):
        raise ValueError("path must be the path of a file in the repository")
    if "content_base64" in wish:
        try:
            data: bytes | None = base64.b64decode(str(wish["content_base64"]), validate=True)
        except binascii.Error:
            raise ValueError("content_base64 is not valid base64") from None
    else:
        content = wish.get("content")
        data = None if content is None else str(content).encode()
    sender = _sender(world, wish.get("sender"), repository, None)
    message = str(wish.get("message") or f"{'Remove' if data is None else 'Update'} {path}")
    commit = changes.push(world, repository, sender, {path.strip("/"): data}, message, wish.get("branch"))
    return {"commit": commit.sha, "repository": repository.full_name, "path": path.strip("/")}


def _set_repository(call: Call, world: World, owner: str, name: str) -> Json:
    repository = _repository(world, f"{owner}/{name}")
    wish = call.json()
    kinds: dict[str, type | tuple[type, ...]] = {
        "blocked": (dict, type(None)),
        "disabled": bool,
        "has_issues": bool,
        "statistics_ready": bool,
    }
    for key, value in wish.items():
        if key not in kinds or not isinstance(value, kinds[key]):
            raise ValueError(f"cannot set {key!r} to {value!r}; there are: {', '.join(kinds)}")
    for key, value in wish.items():
        setattr(repository, key, value)
    return {"repository": repository.full_name} | {key: getattr(repository, key) for key in kinds}


def _tokens(call: Call, world: World) -> Json:
    return {"tokens": [_token(token) for token in world.tokens.values()]}


def _make_token(call: Call, world: World) -> Json:
    login = call.json().get("login")
    account = world.account(str(login))
    if account is None:
        raise ValueError(f"there is no account {login!r}")
    scopes = next((t.scopes for t in world.tokens.values() if t.account is account), ("repo",))
    value = f"ghp_sandbox{hashlib.sha256(f'{account.login}:{world.next_id()}'.encode()).hexdigest()[:25]}"
    return _token(world.add_token(Token(value, account, scopes)))


def _revoke_token(call: Call, world: World) -> Json:
    if world.tokens.pop(str(call.json().get("token")), None) is None:
        raise ValueError("there is no such token")
    return _tokens(call, world)


def _token(token: Token) -> Json:
    return {
        "token": token.value,
        "login": token.account.login,
        "scopes": list(token.scopes),
        "expires_at": iso(token.expires_at),
    }


def _repository(world: World, full_name: Any) -> Repository:
    for repository in world.repositories.values():
        if repository.full_name.lower() == str(full_name).lower():
            return repository
    raise ValueError(f"there is no repository {full_name!r}; write owner/name")


def _sender(world: World, login: Any, repository: Repository | None, organization: Account | None) -> Account:
    if login is not None:
        if (account := world.account(str(login))) is None:
            raise ValueError(f"there is no account {login!r}")
        return account
    owner = organization or (repository.owner if repository else None)
    members = [world.account(member) for member in owner.members] if owner else []
    return next((member for member in members if member), owner) or next(iter(world.accounts.values()))


WORLD_ROUTES: dict[tuple[str, str], Callable[..., Json]] = {
    ("POST", "/events"): _emit,
    ("POST", "/files"): _push,
    ("PATCH", "/repositories/([^/]+)/([^/]+)"): _set_repository,
    ("GET", "/tokens"): _tokens,
    ("POST", "/tokens"): _make_token,
    ("DELETE", "/tokens"): _revoke_token,
}
