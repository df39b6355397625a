"""Reading payloads without trusting their shape (pure): a value of the wrong type is a value that is not there.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

JSON_TYPE, FORM_TYPE = "application/json", "application/x-www-form-urlencoded"
COMMITS_LISTED_AT_MOST = 2048
"""A push of more commits lists no further ones, so which paths it changed is not known."""

_LOGIN = re.compile(r"[A-Za-z0-9_.\[\]-]{1,100}")
_FULL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_ACTION = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_LARGEST_ID = 2**63 - 1


class NotAPayload(ValueError):
    """The body is not what a delivery carries; the message says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """An organisation or a user."""

    id: int
    login: str
    is_organization: bool


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that a payload is about."""

    id: int
    full_name: str
    owner: Account | None


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a payload is about. `repository_ids` also has those that an App installation gained or lost."""

    action: str
    repository: Repository | None
    organization: Account | None
    previous_owner: Account | None
    repository_ids: frozenset[int]


def parse(body: bytes, content_type: str) -> dict[str, Any]:
    """The payload of a body of one of the two content types. Raises NotAPayload."""
    if content_type == FORM_TYPE:
        body = _form_payload(body)
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotAPayload(f"the body is not JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(payload, dict):
        raise NotAPayload(f"the body is JSON, but a {type(payload).__name__} instead of an object")
    return payload


def subject(payload: Mapping[str, Any]) -> Subject:
    """Whom the payload is about; what is missing or malformed is None."""
    repository = _repository(payload.get("repository"))
    organization = _account(payload.get("organization"), "Organization")
    if organization is None:
        organization = _account(_at(payload, "installation", "account"), "")
    origin = _at(payload, "changes", "owner", "from")
    previous = _account(_at(origin, "organization"), "Organization") or _account(_at(origin, "user"), "User")
    ids = {repository.id} if repository else set()
    ids.update(
        _ids(payload, "repositories"), _ids(payload, "repositories_added"), _ids(payload, "repositories_removed")
    )
    return Subject(
        action=_matching(_ACTION, payload.get("action")),
        repository=repository,
        organization=organization,
        previous_owner=previous,
        repository_ids=frozenset(ids),
    )


def hook_id(payload: Mapping[str, Any]) -> int | None:
    """The hook that a `ping` or `meta` payload is about."""
    return _id(payload.get("hook_id"))


def hook_events(payload: Mapping[str, Any]) -> list[str]:
    """The events that the hook of a `ping` payload sends."""
    events = _at(payload, "hook", "events")
    return [event for event in events if isinstance(event, str)] if isinstance(events, list) else []


def changed_paths(push: Mapping[str, Any]) -> frozenset[str] | None:
    """The paths that a push changed, or None where its payload does not tell them all."""
    commits = push.get("commits")
    if not isinstance(commits, list) or not commits or len(commits) >= COMMITS_LISTED_AT_MOST:
        return None
    if push.get("forced") or push.get("created") or push.get("deleted"):
        return None
    paths: set[str] = set()
    for commit in commits:
        lists = [_at(commit, name) for name in ("added", "removed", "modified")]
        if not all(isinstance(each, list) for each in lists):
            return None
        paths.update(path for each in lists for path in each if isinstance(path, str))
    return frozenset(paths)


def is_default_branch(push: Mapping[str, Any]) -> bool:
    """Whether a push went to the default branch, or does not say which that is."""
    branch = _at(push, "repository", "default_branch")
    return not isinstance(branch, str) or push.get("ref") == f"refs/heads/{branch}"


def is_tag(push: Mapping[str, Any]) -> bool:
    """Whether a push made, moved or deleted a tag."""
    return str(push.get("ref")).startswith("refs/tags/")


def _form_payload(body: bytes) -> bytes:
    try:
        pairs = parse_qsl(
            body.decode("ascii"), strict_parsing=True, encoding="utf-8", errors="strict", max_num_fields=10
        )
    except ValueError:
        raise NotAPayload("the body is not a form with percent-encoded UTF-8") from None
    values = [value for name, value in pairs if name == "payload"]
    if len(values) != 1:
        raise NotAPayload(f"the form has {len(values)} fields `payload` instead of one")
    return values[0].encode()


def _at(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _id(value: Any) -> int | None:
    return value if type(value) is int and 0 < value <= _LARGEST_ID else None


def _ids(payload: Mapping[str, Any], name: str) -> Iterator[int]:
    listed = payload.get(name)
    for each in listed if isinstance(listed, list) else ():
        if found := _id(_at(each, "id")):
            yield found


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _account(value: Any, kind: str) -> Account | None:
    its_id = _id(_at(value, "id"))
    if its_id is None:
        return None
    return Account(its_id, _matching(_LOGIN, _at(value, "login")), (_at(value, "type") or kind) == "Organization")


def _repository(value: Any) -> Repository | None:
    its_id = _id(_at(value, "id"))
    if its_id is None:
        return None
    return Repository(its_id, _matching(_FULL_NAME, _at(value, "full_name")), _account(_at(value, "owner"), ""))
