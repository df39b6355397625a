"""What a GitHub consists of, as plain mutable dataclasses: accounts, repositories, issues.

Times are UNIX seconds; `None` means that it has not happened. Node IDs are of GitHub's older, readable form
(base64 of `010:Repository42`), so that `decode_node_id` can find what they name.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

from github_sandbox.trees import Commit, File

ROLES = ("pull", "triage", "push", "maintain", "admin")
"""What an account may do in a repository, each including those before it."""


def node_id(kind: str, database_id: int | str) -> str:
    """The GraphQL node ID of *kind* (a type name of the schema, such as "Repository")."""
    return base64.b64encode(f"0{len(kind)}:{kind}{database_id}".encode()).decode()


def decode_node_id(text: str) -> tuple[str, str] | None:
    """(kind, database id) of a node ID made by `node_id`; None where it is none."""
    try:
        length, _, rest = base64.b64decode(text, validate=True).decode().partition(":")
        size = int(length)
    except ValueError:
        return None
    return (rest[:size], rest[size:]) if 0 < size < len(rest) else None


@dataclass(slots=True, eq=False)
class Account:
    """A user, an organisation or an App's bot; `kind` is "User", "Organization" or "Bot"."""

    id: int
    login: str
    kind: str = "User"
    name: str | None = None
    description: str | None = None
    email: str | None = None
    created_at: float = 0
    updated_at: float = 0
    site_admin: bool = False
    members: dict[str, str] = field(default_factory=dict)
    """Of an organisation: login -> "admin" or "member"."""

    @property
    def node_id(self) -> str:
        return node_id(self.kind, self.id)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Account":
        return self


@dataclass(slots=True, eq=False)
class App:
    """A GitHub App: whoever signs a JWT with the private half of *public_key* (PEM) acts as it."""

    id: int
    slug: str
    name: str
    public_key: str
    owner: Account


@dataclass(slots=True, eq=False)
class Installation:
    """An App in an organisation; `bot` is the account that its tokens act as."""

    id: int
    app: App
    target: Account
    bot: Account
    permissions: dict[str, str]
    events: list[str]
    created_at: float = 0
    repository_ids: set[int] | None = None
    """None: all repositories of the target."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token string and whom it acts as; the value stays out of its repr."""

    value: str = field(repr=False)
    account: Account
    scopes: tuple[str, ...] = ()
    expires_at: float | None = None
    installation: Installation | None = None


@dataclass(slots=True, eq=False)
class Label:
    id: int
    name: str
    color: str
    description: str | None = None
    default: bool = False
    updated_at: float = 0

    @property
    def node_id(self) -> str:
        return node_id("Label", self.id)


@dataclass(slots=True, eq=False)
class Milestone:
    id: int
    number: int
    title: str
    creator: Account
    description: str | None = None
    state: str = "open"
    created_at: float = 0
    updated_at: float = 0
    due_on: float | None = None
    closed_at: float | None = None

    @property
    def node_id(self) -> str:
        return node_id("Milestone", self.id)


@dataclass(slots=True, eq=False)
class Comment:
    id: int
    user: Account
    body: str
    created_at: float
    updated_at: float

    @property
    def node_id(self) -> str:
        return node_id("IssueComment", self.id)


@dataclass(slots=True, eq=False)
class Issue:
    """An issue; a pull request is one too (GitHub numbers them together) and adds `PullRequest`'s fields."""

    id: int
    number: int
    title: str
    user: Account
    body: str | None = None
    state: str = "open"
    state_reason: str | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    milestone: Milestone | None = None
    comments: list[Comment] = field(default_factory=list)
    locked: bool = False
    created_at: float = 0
    updated_at: float = 0
    closed_at: float | None = None
    closed_by: Account | None = None

    @property
    def node_id(self) -> str:
        return node_id("PullRequest" if isinstance(self, PullRequest) else "Issue", self.id)


@dataclass(slots=True, eq=False)
class PullRequest(Issue):
    head_ref: str = "feature"
    base_ref: str = "main"
    head_sha: str = ""
    base_sha: str = ""
    draft: bool = False
    merged_at: float | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None


@dataclass(slots=True, eq=False)
class Release:
    id: int
    tag_name: str
    name: str
    body: str
    author: Account
    created_at: float
    published_at: float | None
    draft: bool = False
    prerelease: bool = False

    @property
    def node_id(self) -> str:
        return node_id("Release", self.id)


@dataclass(slots=True, eq=False)
class Repository:
    id: int
    name: str
    owner: Account
    description: str | None = None
    visibility: str = "public"
    """"public", "private" or "internal"."""
    fork: bool = False
    parent_id: int | None = None
    homepage: str | None = None
    size: int = 0
    """Kilobytes."""
    languages: dict[str, int] = field(default_factory=dict)
    """Name -> bytes, the largest first."""
    topics: list[str] = field(default_factory=list)
    license: str | None = None
    """Key in `licences.LICENCES`, such as "mit"."""
    default_branch: str = "main"
    archived: bool = False
    disabled: bool = False
    is_template: bool = False
    has_issues: bool = True
    has_projects: bool = True
    has_wiki: bool = True
    has_pages: bool = False
    has_downloads: bool = True
    has_discussions: bool = False
    stargazers: int = 0
    subscribers: int = 0
    forks: int = 0
    starred_by: set[str] = field(default_factory=set)
    created_at: float = 0
    updated_at: float = 0
    pushed_at: float = 0
    blocked: dict[str, Any] | None = None
    """The `block` of a 451 answer (DMCA), or None."""
    statistics_ready: bool = False
    collaborators: dict[str, str] = field(default_factory=dict)
    """Login -> one of `ROLES`, beside what the organisation grants."""
    labels: dict[str, Label] = field(default_factory=dict)
    """Lower-case name -> label."""
    milestones: dict[int, Milestone] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    """Number -> issue or pull request, rising."""
    releases: list[Release] = field(default_factory=list)
    branches: dict[str, Commit] = field(default_factory=dict)
    tags: dict[str, Commit] = field(default_factory=dict)
    workflow_ids: dict[str, int] = field(default_factory=dict)
    """Path -> database id of the workflow, kept over pushes."""
    workflow_states: dict[str, str] = field(default_factory=dict)
    """Path -> "active" (where absent), "disabled_manually", …"""

    @property
    def node_id(self) -> str:
        return node_id("Repository", self.id)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def private(self) -> bool:
        return self.visibility != "public"

    @property
    def language(self) -> str | None:
        return max(self.languages, key=self.languages.__getitem__, default=None)

    @property
    def head(self) -> Commit | None:
        """The tip of the default branch; None in an empty repository."""
        return self.branches.get(self.default_branch)

    @property
    def files(self) -> dict[str, File]:
        """The files on the default branch."""
        return self.head.files if self.head else {}

    def open_issues(self) -> int:
        """Open issues and pull requests together, as `open_issues_count` has them."""
        return sum(1 for issue in self.issues.values() if issue.state == "open")

    def only_issues(self) -> list[Issue]:
        return [issue for issue in self.issues.values() if not isinstance(issue, PullRequest)]

    def pulls(self) -> list[PullRequest]:
        return [issue for issue in self.issues.values() if isinstance(issue, PullRequest)]
