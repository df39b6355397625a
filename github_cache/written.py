"""What a successful write makes old (pure): a table of writes that touch little; every other one touches its scope."""

import re
from dataclasses import dataclass
from functools import cache

from github_cache.resources import pattern

_REPO = "/repos/{owner}/{repo}"


@dataclass(frozen=True, slots=True)
class Write:
    """What a successful write to a path makes old: kinds of the scope itself and of its owner.

    Beside them `other` of both, where GraphQL's answers stand: an organisation's may show anything of its repositories.
    """

    template: str
    kinds: frozenset[str]
    owner_kinds: frozenset[str] = frozenset()


# A label that an issue is given for the first time is made; the repository counts its open issues.
_ISSUE_WRITES = frozenset({"issues", "pulls", "meta", "milestones", "labels"})
_LISTED = frozenset({"repos"})

WRITES: tuple[Write, ...] = (
    Write(f"{_REPO}/labels", frozenset({"labels"})),
    Write(f"{_REPO}/labels/{{name*}}", frozenset({"labels", "issues", "pulls"})),
    Write(f"{_REPO}/milestones", frozenset({"milestones"})),
    Write(f"{_REPO}/milestones/{{number}}", frozenset({"milestones", "issues", "pulls"})),
    Write(f"{_REPO}/issues", _ISSUE_WRITES, _LISTED),
    Write(f"{_REPO}/issues/{{rest*}}", _ISSUE_WRITES, _LISTED),
    Write(f"{_REPO}/releases", frozenset({"releases", "refs", "meta"})),
    Write(f"{_REPO}/statuses/{{sha}}", frozenset({"runs", "refs"})),
    Write(f"{_REPO}/check-runs", frozenset({"runs"})),
    Write(f"{_REPO}/topics", frozenset({"meta"}), _LISTED),
    Write(f"{_REPO}/stargazers", frozenset({"meta"}), _LISTED),
)
"""Writes that touch little. Every other write makes its whole scope old, and its owner's list of repositories:
the reads after it ask GitHub with the validators that are held, which costs nothing where nothing changed."""


_STAR = re.compile(r"/user/starred/([^/]+/[^/]+)/?")


def about(path: str) -> str:
    """The path at which a write to `path` shows: a star is the user's, and counted at its repository."""
    return _STAR.sub(r"/repos/\1/stargazers", path) if _STAR.fullmatch(path) else path


def written(path: str) -> Write | None:
    """What a successful write to `path` makes old; None: everything in its scope."""
    path = path.rstrip("/")
    return next((write for expression, write in _patterns() if expression.fullmatch(path)), None)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Write], ...]:
    return tuple((pattern(write.template), write) for write in WRITES)
