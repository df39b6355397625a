"""Default payloads for events that are emitted on demand: about the repository's first issue, label, pull, …"""

from typing import Any

from github_sandbox.bodies.issues import issue_body, label_body, pull_body
from github_sandbox.bodies.repositories import release_body
from github_sandbox.bodies.urls import Urls
from github_sandbox.changes.pushes import push_payload
from github_sandbox.entities import Repository
from github_sandbox.world import World

_ACTIONS = {"repository": "edited", "star": "created", "watch": "started", "workflow_run": "completed"}
_WITHOUT_ACTION = {"public", "fork", "status", "gollum", "create", "delete"}


def default_payload(world: World, event: str, repository: Repository | None) -> dict[str, Any]:
    """What the body says beside repository, organization and sender, with what the repository holds."""
    urls = Urls(world.api_url, world.html_url)
    if repository is not None:
        if event == "push" and repository.head:
            ref = f"refs/heads/{repository.default_branch}"
            return push_payload(world, repository, repository.owner, ref, repository.head.parent, repository.head)
        if event == "issues" and (issues := repository.only_issues()):
            return {"action": "edited", "issue": issue_body(repository, issues[0], urls), "changes": {}}
        if event == "pull_request" and (pulls := repository.pulls()):
            body = pull_body(repository, pulls[0], urls)
            return {"action": "edited", "number": pulls[0].number, "pull_request": body, "changes": {}}
        if event == "label" and repository.labels:
            label = next(iter(repository.labels.values()))
            return {"action": "edited", "label": label_body(repository, label, urls), "changes": {}}
        if event == "release" and repository.releases:
            return {"action": "edited", "release": release_body(repository, repository.releases[0], urls)}
    return {} if event in _WITHOUT_ACTION else {"action": _ACTIONS.get(event, "created")}
