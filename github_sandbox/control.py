"""`/_sandbox/`: what a test or an operator may do to the sandbox. JSON in, JSON out, no limits, no ledger entry.

| method and path | body or query | what it does |
|---|---|---|
| GET /_sandbox | | this table's paths |
| GET /_sandbox/ledger | ?after=ID&path=REGEX | totals, and every call after that one |
| DELETE /_sandbox/ledger | | forget all calls |
| GET, POST, DELETE /_sandbox/faults | kind, path, method, count, probability, seconds, … | see `faults` |
| DELETE /_sandbox/faults/{id} | | take one back |
| GET, POST /_sandbox/clock | {"move": seconds} or {"set": seconds or ISO time} | the time in the sandbox |
| POST /_sandbox/events | event, repository or organization, payload, times, sender | send an event to the hooks |
| POST /_sandbox/files | repository, path, content (null: remove) or content_base64, message, branch | push a change |
| GET, PATCH, DELETE /_sandbox/limits | figures of `limits.Limits` | read, change, or make allowances whole again |
| GET, POST /_sandbox/lag | {"seconds": n} | how long reads stay behind writes |
| PATCH /_sandbox/repositories/{owner}/{name} | blocked, disabled, has_issues, statistics_ready | what REST cannot set |
| GET, POST, DELETE /_sandbox/tokens | {"login": …} / {"token": …} | list, make, revoke |
| POST /_sandbox/drain | | answer when all webhooks are out |
| POST /_sandbox/reset | | the world as it was at the start |
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import orjson

from github_sandbox import changes
from github_sandbox.call import Call, Refused
from github_sandbox.clock import iso, parse_iso
from github_sandbox.deliveries import Deliveries
from github_sandbox.entities import Account, Repository, Token
from github_sandbox.events import default_payload
from github_sandbox.faults import Faults
from github_sandbox.ledger import Ledger
from github_sandbox.world import Happening, World

Json = dict[str, Any]
_KEPT_ON_RESET = ("lock", "limits", "listeners", "api_url", "html_url")


@dataclass(slots=True)
class Controls:
    """What the control surface works on; *recipe* makes the world anew."""

    world: World
    deliveries: Deliveries
    recipe: Callable[[], World] | None = None
    ledger: Ledger = field(default_factory=Ledger)
    faults: Faults = field(default_factory=Faults)


def answer_control(call: Call, controls: Controls) -> tuple[int, bytes]:
    """Status and JSON bytes. 400 says what is wrong with the request, 404 what there is."""
    path = call.path.removeprefix("/_sandbox").rstrip("/")
    if (call.method, path) == ("POST", "/drain"):
        # Not under the lock: the deliveries that are waited for may be answered by calls back to this very world.
        controls.deliveries.drain()
        return 200, b"{}"
    for (method, pattern), handler in _ROUTES.items():
        if method == call.method and (match := re.fullmatch(pattern, path)):
            try:
                with controls.world.lock:
                    return 200, orjson.dumps(handler(call, controls, *match.groups()))
            except (Refused, ValueError) as error:
                return 400, orjson.dumps({"message": str(error)})
    known = sorted({f"{method} /_sandbox{pattern}" for method, pattern in _ROUTES})
    return 404, orjson.dumps({"message": f"there is no {call.method} {call.path}", "known": known})


def _index(call: Call, controls: Controls) -> Json:
    return {"known": sorted({f"{method} /_sandbox{pattern}" for method, pattern in _ROUTES})}


def _ledger(call: Call, controls: Controls) -> Json:
    after = call.query.get("after", "0")
    if not after.isdecimal():
        raise ValueError(f"after must be the ID of an entry, not {after!r}")
    try:
        path = re.compile(call.query.get("path", ""))
    except re.error as error:
        raise ValueError(f"path is no regular expression: {error}") from None
    entries = [entry for entry in controls.ledger.entries(int(after)) if path.search(str(entry["path"]))]
    return {"totals": controls.ledger.totals(), "entries": entries}


def _clear_ledger(call: Call, controls: Controls) -> Json:
    controls.ledger.clear()
    return {"totals": controls.ledger.totals()}


def _faults(call: Call, controls: Controls) -> Json:
    return {"faults": [fault.as_json() for fault in controls.faults.waiting]}


def _add_fault(call: Call, controls: Controls) -> Json:
    return controls.faults.add(call.json()).as_json()


def _clear_faults(call: Call, controls: Controls) -> Json:
    controls.faults.clear()
    return {"faults": []}


def _remove_fault(call: Call, controls: Controls, fault_id: str) -> Json:
    if not controls.faults.remove(int(fault_id)):
        raise ValueError(f"there is no fault {fault_id}")
    return _faults(call, controls)


def _clock(call: Call, controls: Controls) -> Json:
    return {"now": controls.world.clock.now(), "iso": iso(controls.world.clock.now())}


def _move_clock(call: Call, controls: Controls) -> Json:
    wish = call.json()
    if "set" in wish:
        moment = wish["set"]
        controls.world.clock.set(parse_iso(moment) if isinstance(moment, str) else _number(moment, "set"))
    else:
        controls.world.clock.move(_number(wish.get("move"), "move"))
    return _clock(call, controls)


def _emit(call: Call, controls: Controls) -> Json:
    wish, world = call.json(), controls.world
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
    for _ in range(int(_number(wish.get("times", 1), "times"))):
        world.happened(Happening(event, payload, sender, repository, organization))
    return {"event": event, "sent": wish.get("times", 1)}


def _push(call: Call, controls: Controls) -> Json:
    wish, world = call.json(), controls.world
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


def _limits(call: Call, controls: Controls) -> Json:
    return asdict(controls.world.limits.limits)


def _change_limits(call: Call, controls: Controls) -> Json:
    return asdict(controls.world.limits.change(**call.json()))


def _forget_usage(call: Call, controls: Controls) -> Json:
    controls.world.limits.forget()
    return _limits(call, controls)


def _lag(call: Call, controls: Controls) -> Json:
    return {"seconds": controls.world.lag_seconds}


def _set_lag(call: Call, controls: Controls) -> Json:
    controls.world.lag_seconds = max(0.0, _number(call.json().get("seconds"), "seconds"))
    return _lag(call, controls)


def _set_repository(call: Call, controls: Controls, owner: str, name: str) -> Json:
    repository = _repository(controls.world, f"{owner}/{name}")
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


def _tokens(call: Call, controls: Controls) -> Json:
    return {"tokens": [_token(token) for token in controls.world.tokens.values()]}


def _make_token(call: Call, controls: Controls) -> Json:
    world, login = controls.world, call.json().get("login")
    account = world.account(str(login))
    if account is None:
        raise ValueError(f"there is no account {login!r}")
    scopes = next((t.scopes for t in world.tokens.values() if t.account is account), ("repo",))
    value = f"ghp_sandbox{hashlib.sha256(f'{account.login}:{world.next_id()}'.encode()).hexdigest()[:25]}"
    return _token(world.add_token(Token(value, account, scopes)))


def _revoke_token(call: Call, controls: Controls) -> Json:
    if controls.world.tokens.pop(str(call.json().get("token")), None) is None:
        raise ValueError("there is no such token")
    return _tokens(call, controls)


def _reset(call: Call, controls: Controls) -> Json:
    if controls.recipe is None:
        raise ValueError("this sandbox was started without a recipe to make its world anew")
    fresh = controls.recipe()
    for each in fields(World):
        if each.name not in _KEPT_ON_RESET:
            setattr(controls.world, each.name, getattr(fresh, each.name))
    controls.world.limits.limits = fresh.limits.limits
    controls.world.limits.forget()
    controls.ledger.clear()
    controls.faults.clear()
    return {"repositories": len(controls.world.repositories)}


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


def _number(value: Any, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{name} must be a number, not {value!r}")
    return float(value)


_ROUTES: dict[tuple[str, str], Callable[..., Json]] = {
    ("GET", ""): _index,
    ("GET", "/ledger"): _ledger,
    ("DELETE", "/ledger"): _clear_ledger,
    ("GET", "/faults"): _faults,
    ("POST", "/faults"): _add_fault,
    ("DELETE", "/faults"): _clear_faults,
    ("DELETE", r"/faults/(\d+)"): _remove_fault,
    ("GET", "/clock"): _clock,
    ("POST", "/clock"): _move_clock,
    ("POST", "/events"): _emit,
    ("POST", "/files"): _push,
    ("GET", "/limits"): _limits,
    ("PATCH", "/limits"): _change_limits,
    ("DELETE", "/limits"): _forget_usage,
    ("GET", "/lag"): _lag,
    ("POST", "/lag"): _set_lag,
    ("PATCH", "/repositories/([^/]+)/([^/]+)"): _set_repository,
    ("GET", "/tokens"): _tokens,
    ("POST", "/tokens"): _make_token,
    ("DELETE", "/tokens"): _revoke_token,
    ("POST", "/reset"): _reset,
}
