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

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import orjson

from github_sandbox.call import Call, Refused
from github_sandbox.clock import iso, parse_iso
from github_sandbox.deliveries import Deliveries
from github_sandbox.faults import Faults
from github_sandbox.ledger import Ledger
from github_sandbox.world import World
from github_sandbox.world_controls import WORLD_ROUTES, number

Json = dict[str, Any]
_YEAR_10000 = 253_402_300_800
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
    return 404, orjson.dumps({"message": f"there is no {call.method} {call.path}", "paths": control_paths()})


def control_paths() -> list[str]:
    """Every path of the control surface, its variable parts in braces."""
    spelt = {pattern.replace(r"(\d+)", "{id}").replace("([^/]+)/([^/]+)", "{owner}/{name}") for _, pattern in _ROUTES}
    return sorted(f"/_sandbox{pattern}" for pattern in (*spelt, "/drain"))


def _index(call: Call, controls: Controls) -> Json:
    return {"paths": control_paths()}


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
    wish, clock = call.json(), controls.world.clock
    if "set" in wish:
        moment = wish["set"]
        wanted = parse_iso(moment) if isinstance(moment, str) else number(moment, "set")
    else:
        wanted = clock.now() + number(wish.get("move"), "move")
    if not 0 <= wanted < _YEAR_10000:
        raise ValueError(f"the clock goes from 1970 to 9999, not to {wanted:g} seconds after 1970")
    clock.set(wanted)
    return _clock(call, controls)


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
    controls.world.lag_seconds = number(call.json().get("seconds"), "seconds", 0)
    return _lag(call, controls)


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


def _of_world(handler: Callable[..., Json]) -> Callable[..., Json]:
    def handle(call: Call, controls: Controls, *parts: str) -> Json:
        return handler(call, controls.world, *parts)

    return handle


_ROUTES: dict[tuple[str, str], Callable[..., Json]] = {
    **{key: _of_world(handler) for key, handler in WORLD_ROUTES.items()},
    ("GET", ""): _index,
    ("GET", "/ledger"): _ledger,
    ("DELETE", "/ledger"): _clear_ledger,
    ("GET", "/faults"): _faults,
    ("POST", "/faults"): _add_fault,
    ("DELETE", "/faults"): _clear_faults,
    ("DELETE", r"/faults/(\d+)"): _remove_fault,
    ("GET", "/clock"): _clock,
    ("POST", "/clock"): _move_clock,
    ("GET", "/limits"): _limits,
    ("PATCH", "/limits"): _change_limits,
    ("DELETE", "/limits"): _forget_usage,
    ("GET", "/lag"): _lag,
    ("POST", "/lag"): _set_lag,
    ("POST", "/reset"): _reset,
}
