"""The whole of a sandbox GitHub in memory, and who may see what of it.

`World` holds the entities and finds them as GitHub does: names are case-insensitive, a renamed repository is
found by its former name, and what an account may not see is not there. Whoever uses it holds `lock`.
"""

import copy
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from github_sandbox.clock import Clock
from github_sandbox.entities import (
    ROLES,
    Account,
    App,
    Installation,
    Issue,
    PullRequest,
    Repository,
    Token,
    decode_node_id,
    node_id,
)
from github_sandbox.hooks import Hook
from github_sandbox.limits import Limiter
from github_sandbox.trees import Commit

WORKFLOW_PATH = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_WORKFLOW_NAME = re.compile(rb"^name:[ \t]*(.+?)[ \t]*(?:#.*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Workflow:
    """A GitHub Actions workflow, read off the default branch."""

    id: int
    name: str
    path: str
    state: str
    created_at: float
    updated_at: float

    @property
    def node_id(self) -> str:
        return node_id("Workflow", self.id)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that hooks may want to hear of."""

    event: str
    payload: dict[str, object]
    """What the body holds beside `repository`, `organization` and `sender`."""
    sender: Account
    repository: Repository | None = None
    organization: Account | None = None


@dataclass(slots=True)
class World:
    clock: Clock = field(default_factory=Clock)
    limits: Limiter = field(default_factory=Limiter)
    api_url: str = "http://127.0.0.1:8001"
    """Without a slash at the end; what the URLs in webhook payloads begin with."""
    html_url: str = "https://github.com"
    lag_seconds: float = 0
    """For how long reads still see a repository as it was before a write."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    accounts: dict[str, Account] = field(default_factory=dict)
    """Lower-case login -> user, organisation or bot."""
    tokens: dict[str, Token] = field(default_factory=dict)
    repositories: dict[int, Repository] = field(default_factory=dict)
    app: App | None = None
    installations: dict[int, Installation] = field(default_factory=dict)
    hooks: dict[int, Hook] = field(default_factory=dict)
    listeners: list[Callable[[Happening], None]] = field(default_factory=list)
    _names: dict[str, int] = field(default_factory=dict)
    _former_names: dict[str, int] = field(default_factory=dict)
    _before: dict[int, tuple[float, Repository]] = field(default_factory=dict)
    _last_id: int = 100_000

    def next_id(self) -> int:
        """A database ID that nothing else has."""
        self._last_id += 1
        return self._last_id

    # -- accounts

    def add_account(self, account: Account) -> Account:
        self.accounts[account.login.lower()] = account
        return account

    def account(self, login: str) -> Account | None:
        """The account of that login, whatever its kind; case does not matter."""
        return self.accounts.get(login.lower())

    def organization(self, login: str) -> Account | None:
        found = self.account(login)
        return found if found and found.kind == "Organization" else None

    def account_by_id(self, account_id: int) -> Account | None:
        return next((account for account in self.accounts.values() if account.id == account_id), None)

    def add_token(self, token: Token) -> Token:
        self.tokens[token.value] = token
        return token

    def token(self, value: str) -> Token | None:
        """The token if it exists and has not expired."""
        found = self.tokens.get(value)
        if found and found.expires_at is not None and found.expires_at <= self.clock.now():
            return None
        return found

    # -- repositories

    def add_repository(self, repository: Repository) -> Repository:
        self.repositories[repository.id] = repository
        self._names[repository.full_name.lower()] = repository.id
        self._former_names.pop(repository.full_name.lower(), None)
        return repository

    def remove_repository(self, repository: Repository) -> None:
        del self.repositories[repository.id]
        del self._names[repository.full_name.lower()]
        self._former_names = {name: i for name, i in self._former_names.items() if i != repository.id}

    def rename(self, repository: Repository, name: str) -> None:
        """Give *repository* another name; the former one redirects until something else takes it."""
        self.remember_former_name(repository, repository.name)
        del self._names[repository.full_name.lower()]
        repository.name = name
        self.add_repository(repository)

    def remember_former_name(self, repository: Repository, name: str) -> None:
        self._former_names[f"{repository.owner.login}/{name}".lower()] = repository.id

    def role(self, account: Account | None, repository: Repository) -> str | None:
        """What *account* (None: anonymous) may do there: one of `ROLES`; None where it may not even look."""
        granted = [] if repository.private else ["pull"]
        if account is not None:
            if account is repository.owner or repository.owner.members.get(account.login) == "admin":
                return "admin"
            if account.login in repository.owner.members:
                granted.append("push")
            if account.login in repository.collaborators:
                granted.append(repository.collaborators[account.login])
            granted.extend(self._installation_roles(account, repository))
        return max(granted, key=ROLES.index, default=None)

    def can_read(self, account: Account | None, repository: Repository) -> bool:
        return self.role(account, repository) is not None

    def can(self, account: Account | None, role: str, repository: Repository) -> bool:
        """Whether *account* has at least *role* there."""
        has = self.role(account, repository)
        return has is not None and ROLES.index(has) >= ROLES.index(role)

    def find_repository(self, account: Account | None, owner: str, name: str) -> Repository | None:
        """The repository for reading, by its present name; None where missing or hidden from *account*."""
        return self._visible(account, self._names.get(f"{owner}/{name}".lower()))

    def find_renamed(self, account: Account | None, owner: str, name: str) -> Repository | None:
        """The repository that once bore that name."""
        return self._visible(account, self._former_names.get(f"{owner}/{name}".lower()))

    def repository_by_id(self, account: Account | None, repository_id: int) -> Repository | None:
        return self._visible(account, repository_id)

    def repositories_of(self, account: Account | None, owner: Account) -> list[Repository]:
        """Those of *owner* that *account* may see, the oldest first."""
        return [r for r in self.visible_repositories(account) if r.owner is owner]

    def visible_repositories(self, account: Account | None) -> Iterator[Repository]:
        for repository_id in list(self.repositories):
            if (found := self._visible(account, repository_id)) is not None:
                yield found

    def node(self, account: Account | None, global_id: str) -> Account | Repository | Issue | None:
        """The account, repository, issue or pull request of that node ID, if *account* may see it."""
        kind, _, number = ("", "", "") if (parts := decode_node_id(global_id)) is None else (parts[0], "", parts[1])
        if not number.isdecimal():
            return None
        if kind == "Repository":
            return self.repository_by_id(account, int(number))
        if kind in ("User", "Organization", "Bot"):
            return self.account_by_id(int(number))
        if kind in ("Issue", "PullRequest"):
            issues = (i for r in self.visible_repositories(account) for i in r.issues.values())
            return next(
                (i for i in issues if i.id == int(number) and isinstance(i, PullRequest) == (kind != "Issue")),
                None,
            )
        return None

    # -- what is read off a repository

    def commit(self, repository: Repository, ref: str | None) -> Commit | None:
        """The commit of a branch, tag, full ref or SHA; of the default branch for None."""
        name = ref or repository.default_branch
        short = name.removeprefix("refs/").removeprefix("heads/").removeprefix("tags/")
        for found in (
            repository.branches.get(name),
            repository.branches.get(short),
            repository.tags.get(short),
        ):
            if found:
                return found
        if name == "HEAD":
            return repository.head
        return next((c for c in self.history(repository) if len(name) >= 7 and c.sha.startswith(name)), None)

    def history(self, repository: Repository, start: Commit | None = None) -> Iterator[Commit]:
        """Commits from *start* (None: the default branch's tip, then every other branch's), newest first."""
        seen: set[str] = set()
        heads = [start] if start else [repository.head, *repository.branches.values()]
        for commit in heads:
            while commit and commit.sha not in seen:
                seen.add(commit.sha)
                yield commit
                commit = commit.parent

    def workflows(self, repository: Repository) -> list[Workflow]:
        """The workflow files on the default branch, by path."""
        paths = sorted(path for path in repository.files if WORKFLOW_PATH.fullmatch(path))
        return [self._workflow(repository, path) for path in paths]

    def hooks_of(self, target_type: str, target_id: int) -> list[Hook]:
        return [h for h in self.hooks.values() if (h.target_type, h.target_id) == (target_type, target_id)]

    # -- changes

    def before_write(self, repository: Repository) -> Repository:
        """Call before changing *repository*: remembers it for `lag_seconds`; returns the one to change."""
        live = self.repositories[repository.id]
        if self.lag_seconds > 0:
            self._before[live.id] = (self.clock.now() + self.lag_seconds, copy.deepcopy(live))
        return live

    def happened(self, happening: Happening) -> None:
        """Tell the listeners (the webhook sender) what was done."""
        for listener in self.listeners:
            listener(happening)

    # -- private

    def _visible(self, account: Account | None, repository_id: int | None) -> Repository | None:
        live = self.repositories.get(repository_id or 0)
        if live is None:
            return None
        until, earlier = self._before.get(live.id, (0.0, live))
        shown = earlier if until > self.clock.now() else live
        return shown if self.can_read(account, shown) else None

    def _installation_roles(self, account: Account, repository: Repository) -> Iterator[str]:
        for installation in self.installations.values():
            covers = installation.repository_ids is None or repository.id in installation.repository_ids
            if installation.bot is account and installation.target is repository.owner and covers:
                yield "push" if "write" in installation.permissions.values() else "pull"

    def _workflow(self, repository: Repository, path: str) -> Workflow:
        ids = self.repositories.get(repository.id, repository).workflow_ids
        if path not in ids:
            ids[path] = self.next_id()
        named = _WORKFLOW_NAME.search(repository.files[path].data)
        name = named.group(1).decode("utf-8", "replace").strip("'\"") if named else path
        state = repository.workflow_states.get(path, "active")
        return Workflow(ids[path], name, path, state, repository.created_at, repository.pushed_at)
