"""The workflow and automation files of repositories by REST: some three calls each, and one for every file.

Blobs never change, so those that were read are remembered: a reading that a limit cut off goes on where it stopped.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from github_cache.memory import Memory
from github_cache.upstream import automation_paths, paths
from github_cache.upstream.automation_paths import FOLDER, MOST_BYTES, Listed
from github_cache.upstream.errors import BadAnswer, NotFound, Refused, UpstreamError
from github_cache.upstream.fetched import AutomationFiles
from github_cache.upstream.rest import Asker
from github_cache.upstream.shapes.reading import need
from ratelimit.verdict import Wait

RAW = (("Accept", "application/vnd.github.raw+json"),)
BLOB_SECONDS = 3600.0
EMPTY = 409
"""The status with which GitHub answers for a repository without a commit."""

_blobs: Memory[tuple[str, str], str | None] = Memory(2_000)


def read(repositories: Sequence[Mapping[str, Any]], asker: Asker) -> dict[str, AutomationFiles | UpstreamError] | Wait:
    """The files of each repository (`full_name`, `default_branch`), or why they could not be read."""
    found: dict[str, AutomationFiles | UpstreamError] = {}
    for repository in repositories:
        name = repository["full_name"]
        files: AutomationFiles | UpstreamError | Wait
        try:
            files = _read(name, repository.get("default_branch"), asker)
        except (Refused, BadAnswer) as error:
            files = error
        if isinstance(files, Wait):
            return files
        found[name] = files
    return found


def _read(full_name: str, branch: str | None, asker: Asker) -> AutomationFiles | Wait:
    root = paths.of_repository(*paths.full_name(full_name))
    head = _head(root, branch, asker)
    if isinstance(head, Wait):
        return head
    if head is None:
        return AutomationFiles({}, "")
    reply = asker.get(f"{root}/git/trees/{head}?recursive=1")
    if isinstance(reply, Wait):
        return reply
    tree = need(reply.json(), "tree")
    shas = {entry["path"]: entry["sha"] for entry in tree}
    readable, unread = _wanted(list(_listed(tree)))
    files: dict[str, str] = {}
    for path in readable:
        text = _text(root, shas[path], asker)
        if isinstance(text, Wait):
            return text
        if text is None:
            unread.add(path)
        else:
            files[path] = text
    return AutomationFiles(dict(sorted(files.items())), head, tuple(sorted(unread)))


def _head(root: str, branch: str | None, asker: Asker) -> str | Wait | None:
    """The commit at the tip of the default branch, None in an empty repository."""
    if branch is None:
        return None
    try:
        reply = asker.get(f"{root}/git/ref/heads/{quote(branch)}")
    except NotFound:
        return None
    except Refused as error:
        if error.status == EMPTY:
            return None
        raise
    return reply if isinstance(reply, Wait) else str(need(need(reply.json(), "object"), "sha"))


def _listed(tree: Sequence[Mapping[str, Any]]) -> Iterator[Listed]:
    for entry in tree:
        yield Listed(entry["path"], entry.get("size") or 0, entry["type"] == FOLDER)


def _wanted(listing: list[Listed]) -> tuple[list[str], set[str]]:
    """(paths to read, paths that are not read) of the listing of a whole repository."""
    workflows = list(automation_paths.workflows(listing))
    readable = [entry.path for entry in workflows if entry.size <= MOST_BYTES]
    unread = {entry.path for entry in workflows if entry.size > MOST_BYTES}
    top = [entry for entry in listing if "/" not in entry.path]
    for root in automation_paths.roots(top):
        more, too_large = automation_paths.wanted(listing, root)
        readable += more
        unread.update(too_large)
    return readable, unread


def _text(root: str, sha: str, asker: Asker) -> str | Wait | None:
    """A file's text, None where it is none."""
    key = (asker.tenant, sha)
    known = _blobs.get(key, time.time())
    if known is not None:
        return known.value
    reply = asker.get(f"{root}/git/blobs/{sha}", headers=RAW)
    if isinstance(reply, Wait):
        return reply
    text = None if b"\0" in reply.body else reply.body.decode("utf-8", "replace")
    _blobs.put(key, text, time.time() + BLOB_SECONDS)
    return text
