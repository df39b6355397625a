"""*pure*. One commit with what it changed, and one branch with its commit (docs.github.com/rest/commits, /branches)."""

from difflib import unified_diff
from typing import Any
from urllib.parse import quote

from github_sandbox.bodies.files import commit_body
from github_sandbox.bodies.urls import Urls
from github_sandbox.entities import Repository
from github_sandbox.trees import Commit, File

Json = dict[str, Any]
_NOTHING = File(b"")


def single_commit_body(repository: Repository, commit: Commit, urls: Urls) -> Json:
    """`GET …/commits/{ref}`: as in the list, and every file with its diff."""
    changes = {"added": commit.added, "removed": commit.removed, "modified": commit.modified}
    files = [_change(repository, commit, path, status, urls) for status, paths in changes.items() for path in paths]
    stats = {name: sum(file[name] for file in files) for name in ("additions", "deletions")}
    total = {"total": sum(stats.values())}
    return commit_body(repository, commit, urls) | {"stats": total | stats, "files": files}


def single_branch_body(repository: Repository, name: str, commit: Commit, urls: Urls) -> Json:
    """`GET …/branches/{branch}`."""
    url = f"{urls.repo(repository)}/branches/{quote(name, safe='')}"
    checks = {"enforcement_level": "off", "contexts": [], "checks": []}
    return {
        "name": name,
        "commit": commit_body(repository, commit, urls),
        "_links": {"self": url, "html": f"{urls.repo_html(repository)}/tree/{name}"},
        "protected": False,
        "protection": {"enabled": False, "required_status_checks": checks},
        "protection_url": f"{url}/protection",
    }


def _change(repository: Repository, commit: Commit, path: str, status: str, urls: Urls) -> Json:
    before = commit.parent.files.get(path, _NOTHING) if commit.parent else _NOTHING
    after = commit.files.get(path, _NOTHING)
    holder, file = (commit.parent or commit, before) if status == "removed" else (commit, after)
    lines = [*unified_diff(_lines(before), _lines(after), lineterm="")][2:]
    additions = sum(line.startswith("+") for line in lines)
    deletions = sum(line.startswith("-") for line in lines)
    html, quoted = urls.repo_html(repository), quote(path)
    return {
        "sha": file.sha,
        "filename": path,
        "status": status,
        "additions": additions,
        "deletions": deletions,
        "changes": additions + deletions,
        "blob_url": f"{html}/blob/{holder.sha}/{quoted}",
        "raw_url": f"{html}/raw/{holder.sha}/{quoted}",
        "contents_url": f"{urls.repo(repository)}/contents/{quoted}?ref={holder.sha}",
        "patch": "\n".join(lines),
    }


def _lines(file: File) -> list[str]:
    return file.data.decode("utf-8", "replace").splitlines()
