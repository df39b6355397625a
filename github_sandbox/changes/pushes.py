"""Commits and refs (events `push`, `create`, `delete`)."""

import hashlib
from collections.abc import Mapping
from typing import Any

from github_sandbox.bodies.accounts import simple_account
from github_sandbox.bodies.files import git_person, tree_sha
from github_sandbox.changes.telling import tell, urls_of
from github_sandbox.clock import iso
from github_sandbox.entities import Account, Repository
from github_sandbox.languages import language_of
from github_sandbox.trees import Commit, File
from github_sandbox.world import World

NO_COMMIT = "0" * 40
MOST_COMMITS = 20
"""A push event lists no more commits than this."""


def new_commit(
    repository: Repository,
    author: Account,
    message: str,
    date: float,
    changes: Mapping[str, File | None],
    parent: Commit | None,
) -> Commit:
    """The commit that makes *changes* (path -> new file, or None to remove it) on top of *parent*."""
    before = parent.files if parent else {}
    files = dict(before)
    for path, file in changes.items():
        if file is None:
            files.pop(path, None)
        else:
            files[path] = file
    seed = f"{repository.id}:{parent.sha if parent else NO_COMMIT}:{date}:{message}:{sorted(changes)}"
    return Commit(
        sha=hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest(),
        message=message,
        author=author,
        date=date,
        files=files,
        parent=parent,
        added=[p for p, f in changes.items() if f is not None and p not in before],
        modified=[p for p, f in changes.items() if f is not None and p in before],
        removed=[p for p, f in changes.items() if f is None and p in before],
    )


def push(
    world: World,
    repository: Repository,
    sender: Account,
    changes: Mapping[str, bytes | None],
    message: str,
    branch: str | None = None,
) -> Commit:
    """Commit *changes* (path -> bytes, None removes) to *branch* (None: the default one) and send `push`."""
    name = branch or repository.default_branch
    parent = repository.branches.get(name)
    now = world.clock.now()
    files = {path: None if data is None else File(data) for path, data in changes.items()}
    commit = new_commit(repository, sender, message, now, files, parent)
    set_ref(world, repository, sender, f"refs/heads/{name}", commit)
    if name == repository.default_branch:
        _count_languages(repository, files, parent.files if parent else {})
    return commit


def set_ref(world: World, repository: Repository, sender: Account, ref: str, commit: Commit) -> None:
    """Create or move *ref* (`refs/heads/…` or `refs/tags/…`)."""
    refs, name = _refs(repository, ref)
    before = refs.get(name)
    refs[name] = commit
    repository.pushed_at = repository.updated_at = world.clock.now()
    if before is None and len(repository.branches) + len(repository.tags) > 1:
        _tell_ref(world, repository, sender, "create", ref)
    _tell_push(world, repository, sender, ref, before, commit)


def delete_ref(world: World, repository: Repository, sender: Account, ref: str) -> None:
    refs, name = _refs(repository, ref)
    before = refs.pop(name)
    _tell_push(world, repository, sender, ref, before, None)
    _tell_ref(world, repository, sender, "delete", ref)


def _refs(repository: Repository, ref: str) -> tuple[dict[str, Commit], str]:
    if ref.startswith("refs/tags/"):
        return repository.tags, ref.removeprefix("refs/tags/")
    return repository.branches, ref.removeprefix("refs/heads/")


def _count_languages(repository: Repository, changes: Mapping[str, File | None], before: Mapping[str, File]) -> None:
    for path, file in changes.items():
        if language := language_of(path):
            was = before[path].size if path in before else 0
            size = repository.languages.get(language, 0) - was + (file.size if file else 0)
            repository.languages.pop(language, None)
            if size > 0:
                repository.languages[language] = size


def push_payload(
    world: World, repository: Repository, sender: Account, ref: str, before: Commit | None, after: Commit | None
) -> dict[str, Any]:
    """What `push` says of *ref* going from *before* to *after*; None is a ref that was not, or is no more."""
    old, new = before.sha if before else NO_COMMIT, after.sha if after else NO_COMMIT
    html = f"{world.html_url}/{repository.full_name}"
    commits: list[dict[str, Any]] = []
    commit = after
    while commit is not None and commit is not before and len(commits) < MOST_COMMITS:
        commits.insert(0, _commit(commit, html))
        commit = commit.parent
    return {
        "ref": ref,
        "before": old,
        "after": new,
        "created": before is None,
        "deleted": after is None,
        "forced": False,
        "base_ref": None,
        "compare": f"{html}/compare/{old[:12]}...{new[:12]}",
        "commits": commits,
        "head_commit": commits[-1] if commits else None,
        "pusher": git_person(sender) | {"name": sender.login},
    }


def _tell_push(
    world: World, repository: Repository, sender: Account, ref: str, before: Commit | None, after: Commit | None
) -> None:
    tell(world, "push", push_payload(world, repository, sender, ref, before, after), repository, sender)


def _commit(commit: Commit, html: str) -> dict[str, Any]:
    person = git_person(commit.author) | {"username": commit.author.login}
    return {
        "id": commit.sha,
        "tree_id": tree_sha(commit.files),
        "distinct": True,
        "message": commit.message,
        "timestamp": iso(commit.date),
        "url": f"{html}/commit/{commit.sha}",
        "author": person,
        "committer": dict(person),
        "added": list(commit.added),
        "removed": list(commit.removed),
        "modified": list(commit.modified),
    }


def _tell_ref(world: World, repository: Repository, sender: Account, event: str, ref: str) -> None:
    kind = "tag" if ref.startswith("refs/tags/") else "branch"
    payload: dict[str, Any] = {
        "ref": ref.split("/", 2)[2],
        "ref_type": kind,
        "pusher_type": "user",
        "sender": simple_account(sender, urls_of(world)),
    }
    if event == "create":
        payload |= {"master_branch": repository.default_branch, "description": repository.description}
    tell(world, event, payload, repository, sender)
