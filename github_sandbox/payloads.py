"""*pure*. Whole webhook bodies, and the headers that carry them (docs.github.com/webhooks)."""

import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import orjson

from github_sandbox.bodies.accounts import simple_account, simple_organization
from github_sandbox.bodies.files import git_person
from github_sandbox.bodies.repositories import repository_in_list
from github_sandbox.bodies.urls import Urls
from github_sandbox.entities import Repository
from github_sandbox.hooks import Hook
from github_sandbox.world import Happening

ZEN = "Anything added dilutes everything else."
USER_AGENT = "GitHub-Hookshot/5a4db0c"


def payload_of(happening: Happening, urls: Urls) -> dict[str, Any]:
    """The body: what the event says, and then repository, organization and sender unless it says them itself."""
    body = dict(happening.payload)
    if happening.repository is not None:
        in_push = happening.event == "push"
        made = _pushed_repository if in_push else repository_in_list
        body.setdefault("repository", made(happening.repository, urls))
    if happening.organization is not None:
        body.setdefault("organization", simple_organization(happening.organization, urls))
    body.setdefault("sender", simple_account(happening.sender, urls))
    return body


def encode(hook: Hook, payload: dict[str, Any]) -> tuple[bytes, str]:
    """The bytes that are sent and signed, and their Content-Type."""
    body = orjson.dumps(payload)
    if hook.content_type == "form":
        return urlencode({"payload": body}).encode(), "application/x-www-form-urlencoded"
    return body, "application/json"


def delivery_headers(hook: Hook, event: str, guid: str, body: bytes, content_type: str) -> dict[str, str]:
    headers = {
        "Accept": "*/*",
        "Content-Type": content_type,
        "User-Agent": USER_AGENT,
        "X-GitHub-Delivery": guid,
        "X-GitHub-Event": event,
        "X-GitHub-Hook-ID": str(hook.id),
        "X-GitHub-Hook-Installation-Target-ID": str(hook.target_id),
        "X-GitHub-Hook-Installation-Target-Type": hook.target_type,
    }
    if hook.secret:
        headers["X-Hub-Signature"] = f"sha1={sign(hook.secret, body, 'sha1')}"
        headers["X-Hub-Signature-256"] = f"sha256={sign(hook.secret, body, 'sha256')}"
    return headers


def sign(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    """The hex HMAC of *body*, as GitHub puts it into the signature headers."""
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()


def _pushed_repository(repository: Repository, urls: Urls) -> dict[str, Any]:
    """In a push, times are numbers, and the owner has a name and an address."""
    body = repository_in_list(repository, urls)
    body["owner"] = git_person(repository.owner) | {"name": repository.owner.login} | body["owner"]
    body["created_at"] = int(repository.created_at)
    body["pushed_at"] = int(repository.pushed_at)
    body["stargazers"] = repository.stargazers
    body["master_branch"] = repository.default_branch
    if repository.owner.kind == "Organization":
        body["organization"] = repository.owner.login
    return body
