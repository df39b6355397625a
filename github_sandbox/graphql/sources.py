"""The values that resolvers hand on, and the type of GitHub's schema that each stands for.

Accounts and repositories are handed on as they are. What does not know its repository (an issue, a commit, a
file) is handed on `Inside` it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from graphql import GraphQLAbstractType, GraphQLResolveInfo

from github_sandbox.entities import Account, Comment, Issue, Label, Milestone, PullRequest, Release, Repository
from github_sandbox.trees import Commit, File

T = TypeVar("T")
Fields = dict[str, Callable[..., Any]]
"""Field name -> resolver, of one type."""


@dataclass(frozen=True, slots=True)
class Inside(Generic[T]):
    """Something of a repository."""

    repository: Repository
    it: T


@dataclass(frozen=True, slots=True)
class Said:
    """A comment, and what it was made on."""

    issue: Issue
    comment: Comment


@dataclass(frozen=True, slots=True)
class Reference:
    """A branch or tag; `name` in full, such as `refs/heads/main`."""

    name: str
    commit: Commit


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it was in a commit; its `path` is "" for the root."""

    commit: Commit
    path: str


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's contents in a commit."""

    commit: Commit
    file: File


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a folder's listing; `file` is None for a folder."""

    commit: Commit
    path: str
    file: File | None


_NAMES: dict[type, str] = {
    Issue: "Issue",
    PullRequest: "PullRequest",
    Said: "IssueComment",
    Label: "Label",
    Milestone: "Milestone",
    Release: "Release",
    Reference: "Ref",
    Commit: "Commit",
    Folder: "Tree",
    Blob: "Blob",
}


def type_name(source: Any) -> str:
    """The name of the object type that *source* stands for."""
    if isinstance(source, Account):
        return source.kind
    return "Repository" if isinstance(source, Repository) else _NAMES[type(source.it)]


def web(path: Callable[[Any], str]) -> Fields:
    """`resourcePath` and `url` of what *path* (below its repository's page) leads to."""

    def whole(source: Any) -> str:
        return f"/{source.repository.full_name}/{path(source)}"

    return {
        "resourcePath": lambda source, info: whole(source),
        "url": lambda source, info: info.context.world.html_url + whole(source),
    }


def resolve_type(source: Any, _info: GraphQLResolveInfo, _abstract: GraphQLAbstractType) -> str:
    return type_name(source)
