"""What a search finds, for REST and GraphQL: words and the commonest qualifiers.

Source: docs.github.com, "Searching on GitHub".
"""

import shlex

from github_sandbox.entities import Account, Issue, PullRequest, Repository
from github_sandbox.world import World

Qualifiers = list[tuple[str, str]]


def issues(world: World, account: Account | None, text: str) -> list[tuple[Repository, Issue]]:
    """Issues and pull requests, the last changed first; only what *account* may see.

    Words are sought in title and body; `repo:`, `org:`, `is:`, `type:`, `state:`, `label:`, `author:` narrow.
    """
    words, qualifiers = _parsed(text)
    found = [
        (repository, issue)
        for repository in world.visible_repositories(account)
        if _fits_repository(repository, qualifiers)
        for issue in repository.issues.values()
        if _fits_issue(repository, issue, words, qualifiers)
    ]
    found.sort(key=lambda pair: pair[1].updated_at, reverse=True)
    return found


def repositories(world: World, account: Account | None, text: str) -> list[Repository]:
    """Repositories, those with the most stars first.

    Words are sought in name, description and topics; `org:`, `repo:`, `language:`, `topic:`, `is:`, `archived:` narrow.
    """
    words, qualifiers = _parsed(text)
    found = [
        repository
        for repository in world.visible_repositories(account)
        if _fits_repository(repository, qualifiers) and _fits_words(repository, words, qualifiers)
    ]
    found.sort(key=lambda repository: (repository.stargazers, repository.id), reverse=True)
    return found


def _parsed(text: str) -> tuple[list[str], Qualifiers]:
    try:
        parts = shlex.split(text)
    except ValueError:
        parts = text.split()
    qualifiers = [(name.lower(), value.lower()) for name, colon, value in (p.partition(":") for p in parts) if colon]
    return [part.lower() for part in parts if ":" not in part], qualifiers


def _fits_repository(repository: Repository, qualifiers: Qualifiers) -> bool:
    named = [value for name, value in qualifiers if name == "repo"]
    owners = [value for name, value in qualifiers if name in ("org", "user")]
    return (not named or repository.full_name.lower() in named) and (
        not owners or repository.owner.login.lower() in owners
    )


def _fits_issue(repository: Repository, issue: Issue, words: list[str], qualifiers: Qualifiers) -> bool:
    text = f"{issue.title} {issue.body or ''}".lower()
    kind = "pr" if isinstance(issue, PullRequest) else "issue"
    facts = {("is", kind), ("type", kind)}
    facts |= {("is", issue.state), ("state", issue.state), ("author", issue.user.login.lower())}
    facts |= {("is", "private" if repository.private else "public")}
    facts |= {("label", label.name.lower()) for label in issue.labels}
    if isinstance(issue, PullRequest) and issue.merged_at is not None:
        facts.add(("is", "merged"))
    asked = [q for q in qualifiers if q[0] in ("is", "type", "state", "author", "label")]
    return all(word in text for word in words) and all(q in facts for q in asked)


def _fits_words(repository: Repository, words: list[str], qualifiers: Qualifiers) -> bool:
    text = " ".join([repository.name, repository.description or "", *repository.topics]).lower()
    facts = {("topic", topic) for topic in repository.topics}
    facts |= {("language", (repository.language or "").lower()), ("is", "private" if repository.private else "public")}
    facts |= {("archived", str(repository.archived).lower()), ("fork", "true" if repository.fork else "false")}
    asked = [q for q in qualifiers if q[0] in ("topic", "language", "is", "archived")]
    return all(word in text for word in words) and all(q in facts for q in asked)
