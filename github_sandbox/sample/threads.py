"""*pure*. Issues, pull requests and milestones of sample repositories."""

import random

from github_sandbox.entities import Account, Comment, Issue, Milestone, PullRequest, Repository
from github_sandbox.sample.words import AREAS, NOUNS, skewed
from github_sandbox.world import World

_DAY = 86400
_TROUBLES = (
    "{noun} fails after the update", "Document how to configure the {noun}", "Time-out when the {noun} is busy",
    "Add a dry-run option to the {noun}", "{noun} loses its settings on restart", "Make the {noun} faster",
    "Typo in the {noun} guide", "Support more than one {noun}",
)  # fmt: skip
_WORKS = ("Bump the {noun} to the next version", "Fix the {noun} on a cold start", "Refactor the {noun}")
_LABELS = ("bug", "enhancement", "documentation", "question", "good first issue", "help wanted", "duplicate")


def add_issues(
    world: World, repository: Repository, dice: random.Random, people: list[Account], count: int, now: float
) -> None:
    """*count* issues and a quarter as many pull requests, numbered together; most are open."""
    if count > 0 and dice.random() < 0.5:
        created = now - 90 * _DAY
        repository.milestones[1] = Milestone(
            world.next_id(), 1, "v1.0", people[0], "The first stable version", created_at=created, updated_at=created
        )
    pulls = count // 4 + (dice.random() < (count % 4) / 4)
    kinds = [Issue] * count + [PullRequest] * pulls
    dice.shuffle(kinds)
    for number, kind in enumerate(kinds, 1):
        age = (len(kinds) - number + dice.random()) * 300 * _DAY / len(kinds)
        noun = dice.choice(NOUNS)
        pattern = dice.choice(_WORKS if kind is PullRequest else _TROUBLES)
        issue = kind(world.next_id(), number, pattern.format(noun=noun).capitalize(), dice.choice(people))
        issue.body = f"Seen in the {skewed(dice, AREAS)} set-up with the latest {noun}."
        issue.created_at = now - age - _DAY
        issue.updated_at = now - age * dice.random()
        issue.labels = [repository.labels[skewed(dice, _LABELS, 2)]] if dice.random() < 0.7 else []
        issue.assignees = [dice.choice(people)] if dice.random() < 0.3 else []
        if repository.milestones and dice.random() < 0.3:
            issue.milestone = repository.milestones[1]
        if dice.random() < 0.3:
            said = issue.updated_at
            issue.comments = [Comment(world.next_id(), dice.choice(people), "I can confirm this.", said, said)]
        if isinstance(issue, PullRequest) and repository.head:
            issue.head_ref, issue.base_ref = f"change-{number}", repository.default_branch
            issue.head_sha = issue.base_sha = repository.head.sha
        if dice.random() < 0.3:
            _close(issue, dice, people)
        repository.issues[number] = issue


def _close(issue: Issue, dice: random.Random, people: list[Account]) -> None:
    issue.state, issue.closed_at, issue.closed_by = "closed", issue.updated_at, dice.choice(people)
    if not isinstance(issue, PullRequest):
        issue.state_reason = "completed"
    elif dice.random() < 0.8:
        issue.merged_at, issue.merged_by = issue.closed_at, issue.closed_by
        issue.merge_commit_sha = issue.head_sha
