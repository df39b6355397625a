"""An event -> the scopes and kinds it touches, what it revokes, and what the index has to read again (pure).

The table is github_cache.resources: a kind lists the events that touch it. An event revokes and never grants:
`publicized` only makes things be asked anew. What a payload says is believed within the configuration's own scope.
Source of the payloads: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from github_cache.keys import Scope, ScopeKind
from github_cache.resources import KINDS, Kind, kinds_of
from webhooks.github_events import EVERY, KNOWN, deliverable
from webhooks.payloads import Subject, changed_paths, is_default_branch, is_tag

REVOKING = frozenset(
    {
        "repository.deleted",
        "repository.privatized",
        "repository.transferred",
        "installation.deleted",
        "installation.suspend",
        "installation_repositories.removed",
    }
)
"""After these nothing that is stored about the repositories may be served, not even after asking GitHub."""

UNINSTALLING = frozenset({"installation.deleted", "installation.suspend"})
"""After these an App's tokens are revoked, so nothing that was fetched for the tenant is kept."""

INDEXED_KINDS = frozenset({"meta", "languages", "automations"})
"""The kinds of a repository that the index is made from."""


class IndexChange(StrEnum):
    """What the index has to do about a repository."""

    READ_AGAIN = "read_again"
    PRIVATISE = "privatise"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Target:
    """What a configuration is good for: a repository, an organisation, or all that the tenant has.

    `id` is GitHub's, None while it is not known (then the name decides); `owner_id` is the organisation that a
    repository is known to belong to, by GitHub's own word.
    """

    kind: str
    id: int | None = None
    name: str = ""
    owner_id: int | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """`kinds`: what is asked anew, per scope. `purged`: of these nothing is kept. `index`: by a repository's ID.

    A tenant's scope that is purged stands for all scopes of the tenant.
    """

    kinds: Mapping[Scope, frozenset[str]]
    purged: frozenset[Scope] = frozenset()
    index: Mapping[int, IndexChange] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.kinds or self.purged or self.index)

    def as_json(self) -> dict[str, Any]:
        """The same as JSON, for a row and for people."""
        return {
            "kinds": {_text(scope): sorted(kinds) for scope, kinds in self.kinds.items()},
            "purged": sorted(_text(scope) for scope in self.purged),
            "index": {str(each): change.value for each, change in self.index.items()},
        }

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> "Touched":
        """What `as_json` gave."""
        return cls(
            {_scope(text): frozenset(kinds) for text, kinds in value.get("kinds", {}).items()},
            frozenset(_scope(text) for text in value.get("purged", ())),
            {int(each): IndexChange(change) for each, change in value.get("index", {}).items()},
        )


NOTHING = Touched({})


def believed(target: Target, subject: Subject) -> bool:
    """Whether a payload about `subject` is within what the configuration is good for."""
    repository, organization = subject.repository, subject.organization
    if target.kind == "tenant":
        return True
    if target.kind == "repository":
        return repository is not None and _same(target, repository.id, repository.full_name)
    owner = repository.owner if repository else organization
    if owner is not None and _same(target, owner.id, owner.login):
        return True
    return subject.previous_owner is not None and _same(target, subject.previous_owner.id, subject.previous_owner.login)


def touched(event: str, payload: Mapping[str, Any], subject: Subject, target: Target, tenant: str) -> Touched:
    """What the event touches of a tenant's cache and index, narrowed to what `target` is good for.

    The payload has to be `believed`. An event that names no scope of ours touches nothing.
    """
    names = {event, f"{event}.{subject.action}"}
    repositories = _repositories(subject, target)
    organizations = _organizations(subject, target)
    if not repositories and not organizations and subject.organization is None:
        return NOTHING
    revoking = bool(names & REVOKING)
    kinds: dict[Scope, frozenset[str]] = {}
    owners: tuple[tuple[ScopeKind, frozenset[int]], ...] = (("repo", repositories), ("org", organizations))
    for kind, ids in owners:
        found = _kinds(kind, names, event, payload)
        kinds.update({Scope(kind, str(each)): found for each in ids if found})
    if found := _kinds("tenant", names, event, payload):
        kinds[Scope("tenant", tenant)] = found
    purged = {Scope("repo", str(each)) for each in repositories} if revoking else set()
    if "organization.deleted" in names:
        purged |= {Scope("org", str(each)) for each in organizations}
    if names & UNINSTALLING and target.kind == "tenant":
        purged.add(Scope("tenant", tenant))
    return Touched(
        {scope: found for scope, found in kinds.items() if scope not in purged},
        frozenset(purged),
        _index(names, repositories, kinds, revoking=revoking),
    )


def covered_kinds(events: Iterable[str], target_kind: str, scope: ScopeKind) -> frozenset[str]:
    """The kinds of a scope of which a hook with these events hears all that a hook of its sort can be sent."""
    subscribed = KNOWN if EVERY in (listed := set(events)) else listed
    return frozenset(
        kind.name
        for kind in kinds_of(scope)
        if EVERY not in kind.touched_by or EVERY in listed
        if all(
            name in subscribed
            for name in (each.partition(".")[0] for each in kind.touched_by if each != EVERY)
            if deliverable(name, target_kind)
        )
    )


def table() -> list[tuple[str, str, str]]:
    """The rows (event, scope, kinds) of the documentation's table, read from the kinds themselves."""
    rows: dict[tuple[str, str], list[str]] = {}
    for (scope, name), kind in KINDS.items():
        for event in kind.touched_by:
            rows.setdefault((event, scope), []).append(name + _condition(kind, event))
    return sorted((event, scope, ", ".join(sorted(names))) for (event, scope), names in rows.items())


def table_as_markdown() -> str:
    """The documentation's table."""
    rows = "".join(f"| `{event}` | {scope} | {kinds} |\n" for event, scope, kinds in table())
    return "| event | scope | what is made stale |\n|---|---|---|\n" + rows


def _kinds(scope: ScopeKind, names: set[str], event: str, payload: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        kind.name
        for kind in kinds_of(scope)
        if (names | {"*"}) & set(kind.touched_by) and (event != "push" or _push_touches(kind, payload))
    )


def _push_touches(kind: Kind, payload: Mapping[str, Any]) -> bool:
    if kind.default_branch_only and not is_default_branch(payload):
        return False
    if kind.paths is None:
        return True
    paths = changed_paths(payload)
    return not is_tag(payload) and (paths is None or any(kind.paths.fullmatch(path) for path in paths))


def _index(
    names: set[str], repositories: Iterable[int], kinds: Mapping[Scope, frozenset[str]], *, revoking: bool
) -> dict[int, IndexChange]:
    if "repository.deleted" in names:
        return dict.fromkeys(repositories, IndexChange.REMOVE)
    if "repository.privatized" in names:
        return dict.fromkeys(repositories, IndexChange.PRIVATISE)
    return {
        each: IndexChange.READ_AGAIN
        for each in repositories
        if revoking or kinds.get(Scope("repo", str(each)), frozenset()) & INDEXED_KINDS
    }


def _repositories(subject: Subject, target: Target) -> frozenset[int]:
    """The repositories touched. The lists of an App's installation are believed from the tenant's own hook alone."""
    if target.kind == "tenant":
        return subject.repository_ids
    return frozenset({subject.repository.id} if subject.repository else ())


def _organizations(subject: Subject, target: Target) -> frozenset[int]:
    """The organisations touched, as far as the target may speak for them."""
    if target.kind == "repository":
        return frozenset({target.owner_id} if target.owner_id else ())
    named = {subject.organization, subject.previous_owner, subject.repository.owner if subject.repository else None}
    ids = {each.id for each in named if each is not None and each.is_organization}
    if target.kind == "tenant":
        return frozenset(ids)
    return frozenset(
        each.id for each in named if each is not None and each.id in ids and _same(target, each.id, each.login)
    )


def _same(target: Target, its_id: int, name: str) -> bool:
    return its_id == target.id if target.id else bool(name) and name.lower() == target.name.lower()


def _text(scope: Scope) -> str:
    return f"{scope.kind}:{scope.id}"


def _scope(text: str) -> Scope:
    kind, _, number = text.partition(":")
    return Scope(cast(ScopeKind, kind), number)


def _condition(kind: Kind, event: str) -> str:
    if event != "push":
        return ""
    parts = ["default branch" if kind.default_branch_only else "", "matching paths" if kind.paths else ""]
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""
