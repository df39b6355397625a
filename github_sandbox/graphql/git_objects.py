"""Branches, tags, commits, folders and files, found by expressions such as `HEAD:.github/workflows`."""

from typing import Any

from graphql import GraphQLResolveInfo

from github_sandbox.bodies.accounts import avatar
from github_sandbox.bodies.files import git_person, tree_sha
from github_sandbox.clock import iso
from github_sandbox.entities import Account, Repository, node_id
from github_sandbox.graphql.connections import Connection, Order, connection
from github_sandbox.graphql.sources import Blob, Entry, Fields, Folder, Inside, Reference
from github_sandbox.trees import Commit, File

LARGEST_TEXT = 512_000
"""Bytes of a blob's `text`; what is beyond is cut off and `isTruncated` says so."""
_BINARY_WITHIN = 8000
"""git takes a file for binary if one of its first bytes is NUL."""


# -- refs and expressions


def _ref(repository: Repository, _info: GraphQLResolveInfo, qualifiedName: str) -> Inside[Reference] | None:
    short = qualifiedName.removeprefix("refs/")
    for folder, refs in (("heads/", repository.branches), ("tags/", repository.tags)):
        commit = refs.get(short.removeprefix(folder))
        if commit and (short.startswith(folder) or short == qualifiedName):
            return Inside(repository, Reference(f"refs/{folder}{short.removeprefix(folder)}", commit))
    return None


def _default_branch(repository: Repository, _info: GraphQLResolveInfo) -> Inside[Reference] | None:
    head = repository.head
    return Inside(repository, Reference(f"refs/heads/{repository.default_branch}", head)) if head else None


def _refs(repository: Repository, info: GraphQLResolveInfo, refPrefix: str, **arguments: Any) -> Connection:
    named = {f"refs/heads/{name}": commit for name, commit in repository.branches.items()}
    named |= {f"refs/tags/{name}": commit for name, commit in repository.tags.items()}
    prefix, query = refPrefix.rstrip("/") + "/", (arguments.get("query") or "").lower()
    chosen = [
        Inside(repository, Reference(name, commit))
        for name, commit in named.items()
        if name.startswith(prefix) and query in name.removeprefix(prefix).lower()
    ]
    order = Order(lambda ref: (ref.it.name,), arguments.get("direction") == "DESC")
    return connection(info, chosen, order, arguments)


def _object(
    repository: Repository, info: GraphQLResolveInfo, expression: str | None = None, oid: str | None = None
) -> Inside[Any] | None:
    name, colon, path = (expression or oid or "").partition(":")
    commit = info.context.world.commit(repository, name) if name else None
    if commit is None:
        return None
    return _at(repository, commit, path.strip("/")) if colon else Inside(repository, commit)


def _at(repository: Repository, commit: Commit, path: str) -> Inside[Any] | None:
    """The folder or file at *path*."""
    if path in commit.files:
        return Inside(repository, Blob(commit, commit.files[path]))
    if not path or any(name.startswith(f"{path}/") for name in commit.files):
        return Inside(repository, Folder(commit, path))
    return None


# -- what they hold


def _entries(source: Inside[Folder], info: GraphQLResolveInfo) -> list[Inside[Entry]]:
    commit, prefix = source.it.commit, f"{source.it.path}/" if source.it.path else ""
    found: dict[str, File | None] = {}
    for path, file in commit.files.items():
        if path.startswith(prefix):
            name, below, _ = path[len(prefix) :].partition("/")
            found[prefix + name] = None if below else file
    info.context.spend_nodes(len(found))
    in_order = sorted(found.items(), key=lambda item: item[0] if item[1] else f"{item[0]}/")
    return [Inside(source.repository, Entry(commit, path, file)) for path, file in in_order]


def _file(source: Inside[Commit], _info: GraphQLResolveInfo, path: str) -> Inside[Entry] | None:
    found = _at(source.repository, source.it, path.strip("/"))
    if found is None or not path.strip("/"):
        return None
    return Inside(source.repository, Entry(source.it, path.strip("/"), source.it.files.get(path.strip("/"))))


def _is_binary(file: File) -> bool:
    return b"\0" in file.data[:_BINARY_WITHIN]


def _text(source: Inside[Blob], info: GraphQLResolveInfo) -> str | None:
    file = source.it.file
    if _is_binary(file):
        return None
    info.context.spend_bytes(min(file.size, LARGEST_TEXT))
    return file.data[:LARGEST_TEXT].decode("utf-8", "replace")


def _history(source: Inside[Commit], info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    commits = list(info.context.world.history(source.repository, source.it))
    depth = {commit.sha: len(commits) - position for position, commit in enumerate(commits)}
    path, since, until = arguments.get("path"), arguments.get("since"), arguments.get("until")
    chosen = [
        commit
        for commit in commits
        if (path is None or _touches(commit, path.strip("/")))
        and (since is None or commit.date >= since)
        and (until is None or commit.date <= until)
    ]
    order = Order(lambda commit: (depth[commit.sha],), falling=True)
    return connection(info, chosen, order, arguments, lambda commit: Inside(source.repository, commit))


def _touches(commit: Commit, path: str) -> bool:
    changed = (*commit.added, *commit.modified, *commit.removed)
    return any(name == path or name.startswith(f"{path}/") for name in changed)


def _parents(source: Inside[Commit], info: GraphQLResolveInfo, **arguments: Any) -> Connection:
    parents = [source.it.parent] if source.it.parent else []
    order = Order(lambda commit: (commit.sha,))
    return connection(info, parents, order, arguments, lambda commit: Inside(source.repository, commit))


# -- fields


def _sha(source: Inside[Any]) -> str:
    it = source.it
    if isinstance(it, Commit):
        return it.sha
    if isinstance(it, Blob):
        return it.file.sha
    if isinstance(it, Entry) and it.file is not None:
        return it.file.sha
    return tree_sha(it.commit.files, it.path)


def _object_fields(kind: str) -> Fields:
    """What every kind of git object has."""

    def path(source: Inside[Any]) -> str:
        commit = source.it if isinstance(source.it, Commit) else source.it.commit
        return f"/{source.repository.full_name}/commit/{commit.sha}"

    return {
        "id": lambda source, info: node_id(kind, f"{source.repository.id}:{_sha(source)}"),
        "oid": lambda source, info: _sha(source),
        "abbreviatedOid": lambda source, info: _sha(source)[:7],
        "repository": lambda source, info: source.repository,
        "commitResourcePath": lambda source, info: path(source),
        "commitUrl": lambda source, info: info.context.world.html_url + path(source),
    }


def _person(source: Inside[Commit], _info: GraphQLResolveInfo) -> tuple[Account, float]:
    return source.it.author, source.it.date


_COMMIT = _object_fields("Commit")

FIELDS: dict[str, Fields] = {
    "Repository": {"defaultBranchRef": _default_branch, "ref": _ref, "refs": _refs, "object": _object},
    "Ref": {
        "id": lambda ref, info: node_id("Ref", f"{ref.repository.id}:{ref.it.name}"),
        "name": lambda ref, info: ref.it.name.split("/", 2)[2],
        "prefix": lambda ref, info: "/".join(ref.it.name.split("/", 2)[:2]) + "/",
        "repository": lambda ref, info: ref.repository,
        "target": lambda ref, info: Inside(ref.repository, ref.it.commit),
    },
    "Commit": _COMMIT
    | {
        "resourcePath": _COMMIT["commitResourcePath"],
        "url": _COMMIT["commitUrl"],
        "message": lambda source, info: source.it.message,
        "messageHeadline": lambda source, info: source.it.message.partition("\n")[0],
        "messageBody": lambda source, info: source.it.message.partition("\n")[2].strip("\n"),
        "author": _person,
        "committer": _person,
        "authoredDate": lambda source, info: iso(source.it.date),
        "committedDate": lambda source, info: iso(source.it.date),
        "changedFilesIfAvailable": lambda source, info: len(
            {*source.it.added, *source.it.modified, *source.it.removed}
        ),
        "tree": lambda source, info: Inside(source.repository, Folder(source.it, "")),
        "file": _file,
        "history": _history,
        "parents": _parents,
    },
    "GitActor": {
        "name": lambda person, info: git_person(person[0])["name"],
        "email": lambda person, info: git_person(person[0])["email"],
        "date": lambda person, info: iso(person[1]),
        "user": lambda person, info: person[0] if person[0].kind == "User" else None,
        "avatarUrl": lambda person, info, size=None: avatar(person[0]) + (f"&s={size}" if size else ""),
    },
    "Tree": _object_fields("Tree") | {"entries": _entries},
    "TreeEntry": {
        "name": lambda entry, info: entry.it.path.rpartition("/")[2],
        "path": lambda entry, info: entry.it.path,
        "type": lambda entry, info: "blob" if entry.it.file else "tree",
        "mode": lambda entry, info: 0o100644 if entry.it.file else 0o40000,
        "extension": lambda entry, info: _extension(entry.it.path) if entry.it.file else None,
        "oid": lambda entry, info: _sha(entry),
        "size": lambda entry, info: entry.it.file.size if entry.it.file else 0,
        "object": lambda entry, info: _at(entry.repository, entry.it.commit, entry.it.path),
        "repository": lambda entry, info: entry.repository,
    },
    "Blob": _object_fields("Blob")
    | {
        "byteSize": lambda blob, info: blob.it.file.size,
        "isBinary": lambda blob, info: _is_binary(blob.it.file),
        "isTruncated": lambda blob, info: blob.it.file.size > LARGEST_TEXT,
        "text": _text,
    },
}


def _extension(path: str) -> str:
    """`.yml`; an empty string where there is none."""
    name = path.rpartition("/")[2]
    return name[name.rindex(".") :] if "." in name else ""
