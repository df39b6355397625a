"""Issues, pull requests, comments and milestones (events `issues`, `pull_request`, `issue_comment`, `milestone`)."""

from typing import Any

from github_sandbox.bodies.issues import comment_body, issue_body, label_body, milestone_body, pull_body
from github_sandbox.changes.labels import PLAIN_COLOUR, create_label
from github_sandbox.changes.telling import tell, urls_of
from github_sandbox.entities import Account, Comment, Issue, Label, Milestone, PullRequest, Repository
from github_sandbox.world import World


def create_issue(
    world: World, repository: Repository, sender: Account, title: str, body: str | None, labels: list[str]
) -> Issue:
    """A new issue; labels that do not exist yet are made, as GitHub does."""
    now = world.clock.now()
    issue = Issue(world.next_id(), _next_number(repository), title, sender, body, created_at=now, updated_at=now)
    issue.labels = _labels(world, repository, sender, labels)
    repository.issues[issue.number] = issue
    _tell(world, repository, sender, issue, "opened")
    for label in issue.labels:
        _tell(world, repository, sender, issue, "labeled", _label(world, repository, label))
    return issue


def open_pull(
    world: World, repository: Repository, sender: Account, title: str, body: str | None, head: str, base: str
) -> PullRequest:
    """A new pull request from branch *head* into *base*; both exist."""
    now = world.clock.now()
    pull = PullRequest(
        world.next_id(),
        _next_number(repository),
        title,
        sender,
        body,
        created_at=now,
        updated_at=now,
        head_ref=head,
        base_ref=base,
        head_sha=repository.branches[head].sha,
        base_sha=repository.branches[base].sha,
    )
    repository.issues[pull.number] = pull
    _tell(world, repository, sender, pull, "opened")
    return pull


def edit_issue(world: World, repository: Repository, sender: Account, issue: Issue, wish: dict[str, Any]) -> None:
    """*wish*: any of title, body, state, state_reason, labels (names), assignees (accounts), milestone."""
    now = world.clock.now()
    issue.updated_at = now
    changed = {name: {"from": getattr(issue, name)} for name in ("title", "body") if _differs(issue, name, wish)}
    for name in changed:
        setattr(issue, name, wish[name])
    if changed:
        _tell(world, repository, sender, issue, "edited", {"changes": changed})
    if "assignees" in wish:
        before, issue.assignees = issue.assignees, list(wish["assignees"])
        if before != issue.assignees:
            _tell(world, repository, sender, issue, "assigned" if issue.assignees else "unassigned")
    if "milestone" in wish and wish["milestone"] is not issue.milestone:
        issue.milestone = wish["milestone"]
        _tell(world, repository, sender, issue, "milestoned" if issue.milestone else "demilestoned")
    if "labels" in wish:
        set_labels(world, repository, sender, issue, wish["labels"])
    if _differs(issue, "state", wish):
        issue.state = wish["state"]
        is_closed = issue.state == "closed"
        issue.closed_at = now if is_closed else None
        issue.closed_by = sender if is_closed else None
        if not isinstance(issue, PullRequest):
            issue.state_reason = wish.get("state_reason") or ("completed" if is_closed else "reopened")
        _tell(world, repository, sender, issue, "closed" if is_closed else "reopened")


def set_labels(world: World, repository: Repository, sender: Account, issue: Issue, names: list[str]) -> None:
    """Make *names* the issue's labels; each that comes or goes is an event."""
    before = issue.labels
    issue.labels = _labels(world, repository, sender, names)
    issue.updated_at = world.clock.now()
    for action, some, others in (("labeled", issue.labels, before), ("unlabeled", before, issue.labels)):
        for label in some:
            if label not in others:
                _tell(world, repository, sender, issue, action, _label(world, repository, label))


def lock(world: World, repository: Repository, sender: Account, issue: Issue) -> None:
    """Lock the issue, or unlock it where it is locked."""
    issue.locked = not issue.locked
    _tell(world, repository, sender, issue, "locked" if issue.locked else "unlocked")


def comment(world: World, repository: Repository, sender: Account, issue: Issue, body: str) -> Comment:
    now = world.clock.now()
    made = Comment(world.next_id(), sender, body, now, now)
    issue.comments.append(made)
    issue.updated_at = now
    _tell_comment(world, repository, sender, issue, made, "created", {})
    return made


def edit_comment(world: World, repository: Repository, sender: Account, issue: Issue, said: Comment, body: str) -> None:
    changes = {"changes": {"body": {"from": said.body}}}
    said.body, said.updated_at = body, world.clock.now()
    _tell_comment(world, repository, sender, issue, said, "edited", changes)


def remove_comment(world: World, repository: Repository, sender: Account, issue: Issue, said: Comment) -> None:
    issue.comments.remove(said)
    _tell_comment(world, repository, sender, issue, said, "deleted", {})


def create_milestone(
    world: World, repository: Repository, sender: Account, title: str, description: str | None
) -> Milestone:
    now = world.clock.now()
    number = max(repository.milestones, default=0) + 1
    made = Milestone(world.next_id(), number, title, sender, description, created_at=now, updated_at=now)
    repository.milestones[number] = made
    body = milestone_body(repository, made, urls_of(world))
    tell(world, "milestone", {"action": "created", "milestone": body}, repository, sender)
    return made


def _labels(world: World, repository: Repository, sender: Account, names: list[str]) -> list[Label]:
    return [
        repository.labels.get(name.lower()) or create_label(world, repository, sender, name, PLAIN_COLOUR, None)
        for name in dict.fromkeys(names)
    ]


def _label(world: World, repository: Repository, label: Label) -> dict[str, Any]:
    return {"label": label_body(repository, label, urls_of(world))}


def _differs(issue: Issue, name: str, wish: dict[str, Any]) -> bool:
    return name in wish and wish[name] != getattr(issue, name)


def _next_number(repository: Repository) -> int:
    return max(repository.issues, default=0) + 1


def _tell(
    world: World,
    repository: Repository,
    sender: Account,
    issue: Issue,
    action: str,
    more: dict[str, Any] | None = None,
) -> None:
    urls = urls_of(world)
    payload: dict[str, Any] = {"action": action}
    if isinstance(issue, PullRequest):
        payload |= {"number": issue.number, "pull_request": pull_body(repository, issue, urls)}
        tell(world, "pull_request", payload | (more or {}), repository, sender)
    else:
        payload["issue"] = issue_body(repository, issue, urls)
        tell(world, "issues", payload | (more or {}), repository, sender)


def _tell_comment(
    world: World,
    repository: Repository,
    sender: Account,
    issue: Issue,
    said: Comment,
    action: str,
    more: dict[str, Any],
) -> None:
    urls = urls_of(world)
    payload = {
        "action": action,
        "issue": issue_body(repository, issue, urls),
        "comment": comment_body(repository, issue, said, urls),
    }
    tell(world, "issue_comment", payload | more, repository, sender)
