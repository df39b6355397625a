"""*pure*. Directories, files, git objects and workflows (docs.github.com/rest/repos/contents, /rest/git)."""

import base64
import hashlib
from typing import Any
from urllib.parse import quote

from github_sandbox.bodies.accounts import simple_account
from github_sandbox.bodies.urls import Urls
from github_sandbox.clock import iso
from github_sandbox.entities import Account, Repository, node_id
from github_sandbox.trees import Commit, File
from github_sandbox.world import Workflow

Json = dict[str, Any]
MOST_ENCODED = 1024 * 1024
"""Bytes of a file that the JSON form still holds."""
MOST_ENTRIES = 1000
"""Files that the listing of a directory holds."""


def subfolders(files: dict[str, File], folder: str) -> list[str]:
    """The paths of the folders right below *folder* ("" is the root)."""
    prefix = f"{folder}/" if folder else ""
    inside = (path[len(prefix) :] for path in files if path.startswith(prefix))
    return sorted({prefix + rest.partition("/")[0] for rest in inside if "/" in rest})


def tree_entries(files: dict[str, File], folder: str) -> list[tuple[str, str, File | None]]:
    """(path, SHA, file or None for a folder) right below *folder*, by name, as git keeps a tree."""
    prefix = f"{folder}/" if folder else ""
    found: list[tuple[str, str, File | None]] = [
        (path, file.sha, file)
        for path, file in files.items()
        if path.startswith(prefix) and "/" not in path[len(prefix) :]
    ]
    found += [(path, tree_sha(files, path), None) for path in subfolders(files, folder)]
    return sorted(found, key=lambda entry: entry[0] + ("" if entry[2] else "/"))


def tree_sha(files: dict[str, File], folder: str = "") -> str:
    """The SHA that git gives the tree of *folder*."""
    listing = b"".join(
        b"%s %s\0" % (b"100644" if file else b"40000", path.rpartition("/")[2].encode()) + bytes.fromhex(sha)
        for path, sha, file in tree_entries(files, folder)
    )
    return hashlib.sha1(b"tree %d\0" % len(listing) + listing, usedforsecurity=False).hexdigest()


def content_entry(repository: Repository, path: str, sha: str, file: File | None, ref: str, urls: Urls) -> Json:
    """One entry of a directory listing; *file* is None for a folder."""
    api = urls.repo(repository)
    quoted = quote(path)
    url = f"{api}/contents/{quoted}?ref={quote(ref)}"
    kind, git = ("blob", "blobs") if file else ("tree", "trees")
    html = f"{urls.repo_html(repository)}/{kind}/{ref}/{quoted}"
    git_url = f"{api}/git/{git}/{sha}"
    raw = f"https://raw.githubusercontent.com/{repository.full_name}/{ref}/{quoted}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": file.size if file else 0,
        "url": url,
        "html_url": html,
        "git_url": git_url,
        "download_url": raw if file else None,
        "type": "file" if file else "dir",
        "_links": {"self": url, "git": git_url, "html": html},
    }


def directory_body(repository: Repository, files: dict[str, File], folder: str, ref: str, urls: Urls) -> list[Json]:
    return [content_entry(repository, *entry, ref, urls) for entry in tree_entries(files, folder)[:MOST_ENTRIES]]


def file_body(repository: Repository, path: str, file: File, ref: str, urls: Urls) -> Json:
    """A file with its content in base64, broken into lines as GitHub does; a large one is to be had raw only."""
    entry = content_entry(repository, path, file.sha, file, ref, urls)
    links = entry.pop("_links")
    if file.size > MOST_ENCODED:
        return entry | {"content": "", "encoding": "none", "_links": links}
    return entry | {"content": base64.encodebytes(file.data).decode(), "encoding": "base64", "_links": links}


def blob_body(repository: Repository, file: File, urls: Urls) -> Json:
    return {
        "sha": file.sha,
        "node_id": node_id("Blob", f"{repository.id}:{file.sha}"),
        "size": file.size,
        "url": f"{urls.repo(repository)}/git/blobs/{file.sha}",
        "content": base64.encodebytes(file.data).decode(),
        "encoding": "base64",
    }


def tree_body(repository: Repository, files: dict[str, File], folder: str, recursive: str | None, urls: Urls) -> Json:
    """A tree; with *recursive* (any value, as on GitHub) also what stands in its folders."""
    api = urls.repo(repository)
    entries = []
    waiting = tree_entries(files, folder)
    prefix = f"{folder}/" if folder else ""
    while waiting:
        path, sha, file = waiting.pop(0)
        entry: Json = {"path": path[len(prefix) :], "mode": "100644" if file else "040000"}
        entry |= {"type": "blob" if file else "tree", "sha": sha}
        if file:
            entry["size"] = file.size
        entries.append(entry | {"url": f"{api}/git/{'blobs' if file else 'trees'}/{sha}"})
        if file is None and recursive is not None:
            waiting = tree_entries(files, path) + waiting
    sha = tree_sha(files, folder)
    return {"sha": sha, "url": f"{api}/git/trees/{sha}", "tree": entries, "truncated": False}


def git_commit_body(repository: Repository, commit: Commit, urls: Urls) -> Json:
    """A commit as git sees it (`/git/commits/{sha}`, and what a contents write answers)."""
    api, html = urls.repo(repository), urls.repo_html(repository)
    tree = tree_sha(commit.files)
    person = git_person(commit.author) | {"date": iso(commit.date)}
    parents = [commit.parent] if commit.parent else []
    return {
        "sha": commit.sha,
        "node_id": node_id("Commit", f"{repository.id}:{commit.sha}"),
        "url": f"{api}/git/commits/{commit.sha}",
        "html_url": f"{html}/commit/{commit.sha}",
        "author": person,
        "committer": dict(person),
        "tree": {"sha": tree, "url": f"{api}/git/trees/{tree}"},
        "message": commit.message,
        "parents": [
            {
                "sha": parent.sha,
                "url": f"{api}/git/commits/{parent.sha}",
                "html_url": f"{html}/commit/{parent.sha}",
            }
            for parent in parents
        ],
        "verification": {"verified": False, "reason": "unsigned", "signature": None, "payload": None},
    }


def commit_body(repository: Repository, commit: Commit, urls: Urls) -> Json:
    """A commit as `/commits` lists it."""
    api, html = urls.repo(repository), urls.repo_html(repository)
    git = git_commit_body(repository, commit, urls)
    url = f"{api}/commits/{commit.sha}"
    parents = [p | {"url": p["url"].replace("/git/commits/", "/commits/")} for p in git["parents"]]
    inner = {name: git[name] for name in ("author", "committer", "message", "tree")}
    return {
        "sha": commit.sha,
        "node_id": git["node_id"],
        "commit": inner | {"url": git["url"], "comment_count": 0, "verification": git["verification"]},
        "url": url,
        "html_url": f"{html}/commit/{commit.sha}",
        "comments_url": f"{url}/comments",
        "author": simple_account(commit.author, urls),
        "committer": simple_account(commit.author, urls),
        "parents": parents,
    }


def git_person(account: Account) -> Json:
    email = account.email or f"{account.id}+{account.login}@users.noreply.github.com"
    return {"name": account.name or account.login, "email": email}


def ref_body(repository: Repository, ref: str, commit: Commit, urls: Urls) -> Json:
    """*ref* in full: `refs/heads/main`."""
    api = urls.repo(repository)
    return {
        "ref": ref,
        "node_id": node_id("Ref", f"{repository.id}:{ref}"),
        "url": f"{api}/git/{ref}",
        "object": {"sha": commit.sha, "type": "commit", "url": f"{api}/git/commits/{commit.sha}"},
    }


def workflow_body(repository: Repository, workflow: Workflow, urls: Urls) -> Json:
    html = urls.repo_html(repository)
    name = workflow.path.rpartition("/")[2]
    return {
        "id": workflow.id,
        "node_id": workflow.node_id,
        "name": workflow.name,
        "path": workflow.path,
        "state": workflow.state,
        "created_at": iso(workflow.created_at),
        "updated_at": iso(workflow.updated_at),
        "url": f"{urls.repo(repository)}/actions/workflows/{workflow.id}",
        "html_url": f"{html}/blob/{repository.default_branch}/{workflow.path}",
        "badge_url": f"{html}/actions/workflows/{name}/badge.svg",
    }
