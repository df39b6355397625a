"""Issues, pull requests and labels out of a folder of recorded webhook payloads (a file an event)."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from github_sandbox import changes
from github_sandbox.clock import parse_iso
from github_sandbox.entities import Account, Issue, Label, Milestone, PullRequest, Repository
from github_sandbox.world import World


class PayloadProblem(Exception):
    """A folder of payloads that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the payloads hold, as GitHub spelt it: each recorded state of an issue counts as an issue of its own."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    labels: list[dict[str, Any]] = field(default_factory=list)

    def add_to(self, world: World, repository: Repository) -> None:
        """Give *repository* all of it, numbered anew from 1, and *world* the accounts that it names."""
        for told in self.labels:
            _label(world, repository, told)
        for told in self.issues:
            _add(world, repository, told, Issue(world.next_id(), 0, "", _account(world, told["user"])))
        for told in self.pulls:
            pull = PullRequest(world.next_id(), 0, "", _account(world, told["user"]))
            pull.head_ref, pull.base_ref = told["head"]["ref"], repository.default_branch
            pull.head_sha = pull.base_sha = repository.head.sha if repository.head else ""
            pull.draft = bool(told.get("draft"))
            pull.merged_at = _time(told.get("merged_at"))
            _add(world, repository, told, pull)


def read_payloads(folder: Path) -> Recorded:
    """Every payload file of *folder*. Raises PayloadProblem."""
    if not folder.is_dir():
        raise PayloadProblem(f"there is no folder of payloads {folder}")
    recorded = Recorded()
    for path in sorted(folder.glob("*.json")):
        try:
            bodies = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise PayloadProblem(f"cannot read the payloads in {path}: {error}") from None
        for body in bodies if isinstance(bodies, list) else [bodies]:
            _collect(recorded, body if isinstance(body, dict) else {})
    if not recorded.issues:
        raise PayloadProblem(f"the payloads in {folder} hold no issue")
    return recorded


def _collect(recorded: Recorded, body: dict[str, Any]) -> None:
    issue, pull, label = (body.get(name) for name in ("issue", "pull_request", "label"))
    if isinstance(issue, dict) and isinstance(issue.get("user"), dict) and "title" in issue:
        recorded.issues.append(issue)
    if isinstance(pull, dict) and isinstance(pull.get("user"), dict) and "head" in pull and "title" in pull:
        recorded.pulls.append(pull)
    if isinstance(label, dict) and "name" in label and "color" in label:
        recorded.labels.append(label)


def _add(world: World, repository: Repository, told: dict[str, Any], issue: Issue) -> None:
    issue.number = len(repository.issues) + 1
    issue.title, issue.body = told["title"], told.get("body")
    issue.state = told.get("state", "open")
    issue.state_reason = told.get("state_reason")
    issue.locked = bool(told.get("locked"))
    issue.created_at = _time(told["created_at"]) or 0.0
    issue.updated_at = _time(told["updated_at"]) or 0.0
    issue.closed_at = _time(told.get("closed_at"))
    issue.labels = list(
        {(made := _label(world, repository, each)).id: made for each in told.get("labels", [])}.values()
    )
    issue.assignees = [_account(world, each) for each in told.get("assignees", [])]
    if told.get("milestone"):
        issue.milestone = _milestone(world, repository, told["milestone"])
    repository.issues[issue.number] = issue


def _label(world: World, repository: Repository, told: dict[str, Any]) -> Label:
    found = repository.labels.get(told["name"].lower())
    return found or changes.new_label(world, repository, told["name"], told["color"], told.get("description"))


def _milestone(world: World, repository: Repository, told: dict[str, Any]) -> Milestone:
    for known in repository.milestones.values():
        if known.title == told["title"]:
            return known
    number = len(repository.milestones) + 1
    made = Milestone(world.next_id(), number, told["title"], _account(world, told["creator"]), told.get("description"))
    made.state = told["state"]
    made.created_at, made.updated_at = _time(told["created_at"]) or 0.0, _time(told["updated_at"]) or 0.0
    made.due_on, made.closed_at = _time(told.get("due_on")), _time(told.get("closed_at"))
    repository.milestones[number] = made
    return made


def _account(world: World, told: dict[str, Any]) -> Account:
    known = world.account(told["login"])
    if known is not None:
        return known
    return world.add_account(Account(told["id"], told["login"], told.get("type", "User")))


def _time(text: str | None) -> float | None:
    return parse_iso(text) if text else None
