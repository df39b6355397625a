"""Files and directories, read and written (docs.github.com/rest/repos/contents).

Both forms of a file, JSON and raw, bear the blob's git SHA as their ETag, whatever token asks.
"""

import base64
import binascii

from github_sandbox import changes
from github_sandbox.bodies.files import (
    content_entry,
    directory_body,
    file_body,
    git_commit_body,
    tree_sha,
)
from github_sandbox.call import Answer, Call, Refused, invalid, not_found
from github_sandbox.clock import http_date
from github_sandbox.entities import Repository
from github_sandbox.routing import Route
from github_sandbox.trees import Commit, File

_README = ("readme.md", "readme.rst", "readme.txt", "readme")


def root(call: Call, repository: Repository) -> Answer:
    return contents(call, repository, "")


def contents(call: Call, repository: Repository, path: str) -> Answer:
    path = path.strip("/")
    commit, ref = _commit(call, repository)
    if file := commit.files.get(path):
        return _file(call, repository, path, file, commit, ref)
    listing = directory_body(repository, commit.files, path, ref, call.urls)
    if not listing and path:
        raise not_found()
    return Answer(listing, last_modified=commit.date, etag=tree_sha(commit.files, path))


def readme(call: Call, repository: Repository) -> Answer:
    commit, ref = _commit(call, repository)
    by_name = {path.lower(): path for path in commit.files}
    found = next((by_name[name] for name in _README if name in by_name), None)
    if found is None:
        raise not_found()
    return _file(call, repository, found, commit.files[found], commit, ref)


def write(call: Call, repository: Repository, path: str) -> Answer:
    """`PUT`: 201 for a new file, 200 for a changed one; the `sha` of what is replaced must be told."""
    live = call.writable(repository)
    wish = call.json()
    content, message = wish.get("content"), wish.get("message")
    if not isinstance(message, str) or not message:
        raise Refused(422, 'Invalid request.\n\n"message" wasn\'t supplied.')
    if not isinstance(content, str):
        raise Refused(422, 'Invalid request.\n\n"content" wasn\'t supplied.')
    try:
        data = base64.b64decode("".join(content.split()), validate=True)
    except binascii.Error:
        raise Refused(422, "content is not valid Base64") from None
    before = _present(live, path, wish.get("branch"))
    if before is not None and wish.get("sha") != before.sha:
        raise _sha_refusal(path, wish.get("sha"))
    commit = changes.push(call.world, live, call.signed_in(), {path: data}, message, wish.get("branch"))
    branch = wish.get("branch") or live.default_branch
    entry = content_entry(live, path, commit.files[path].sha, commit.files[path], branch, call.urls)
    body = {"content": entry, "commit": git_commit_body(live, commit, call.urls)}
    return Answer(body, 200 if before else 201)


def delete(call: Call, repository: Repository, path: str) -> Answer:
    live = call.writable(repository)
    wish = call.json() | call.query
    if not isinstance(wish.get("message"), str):
        raise Refused(422, 'Invalid request.\n\n"message" wasn\'t supplied.')
    before = _present(live, path, wish.get("branch"))
    if before is None:
        raise not_found()
    if wish.get("sha") != before.sha:
        raise _sha_refusal(path, wish.get("sha"))
    commit = changes.push(call.world, live, call.signed_in(), {path: None}, wish["message"], wish.get("branch"))
    return Answer({"content": None, "commit": git_commit_body(live, commit, call.urls)})


def archive(call: Call, repository: Repository, kind: str, ref: str) -> Answer:
    """302 to where the archive would be; the sandbox packs none."""
    if kind not in ("tarball", "zipball"):
        raise not_found()
    if call.world.commit(repository, ref or None) is None:
        raise not_found()
    name = ref or repository.default_branch
    full = f"refs/heads/{name}" if name in repository.branches else name
    suffix = "legacy.tar.gz" if kind == "tarball" else "legacy.zip"
    location = f"https://codeload.github.com/{repository.full_name}/{suffix}/{full}"
    headers = {
        "Cache-Control": "public, must-revalidate, max-age=0",
        "Expires": http_date(call.now),
        "Location": location,
    }
    return Answer(b"", 302, headers, content_type="text/html;charset=utf-8", media_type=None, cacheable=False)


def default_archive(call: Call, repository: Repository, kind: str) -> Answer:
    return archive(call, repository, kind, "")


def _commit(call: Call, repository: Repository) -> tuple[Commit, str]:
    ref = call.query.get("ref")
    commit = call.world.commit(repository, ref)
    if commit is None and ref is None:
        raise Refused(404, "This repository is empty.")
    if commit is None:
        raise Refused(404, f"No commit found for the ref {ref}")
    return commit, ref or repository.default_branch


def _file(call: Call, repository: Repository, path: str, file: File, commit: Commit, ref: str) -> Answer:
    accept = call.headers.get("accept", "")
    if "raw" in accept:
        kind = "application/vnd.github.v3.raw; charset=utf-8"
        if "vnd.github.v3.raw" not in accept:
            kind = "application/vnd.github.raw; charset=utf-8"
        answer = Answer(file.data, content_type=kind, media_type="github.v3; param=raw")
    else:
        answer = Answer(file_body(repository, path, file, ref, call.urls))
    answer.last_modified, answer.etag = commit.date, file.sha
    return answer


def _present(repository: Repository, path: str, branch: str | None) -> File | None:
    name = branch or repository.default_branch
    if name not in repository.branches and repository.branches:
        raise Refused(404, f"Branch {name} not found")
    commit = repository.branches.get(name)
    return commit.files.get(path) if commit else None


def _sha_refusal(path: str, sha: str | None) -> Refused:
    if sha is None:
        return Refused(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if not isinstance(sha, str):
        return invalid("Content", "sha")
    return Refused(409, f"{path} does not match {sha}")


ROUTES = [
    Route("GET", "/contents", root),
    Route("GET", "/contents/{path*}", contents),
    Route("PUT", "/contents/{path*}", write, creates_content=True),
    Route("DELETE", "/contents/{path*}", delete),
    Route("GET", "/readme", readme),
    Route("GET", "/{kind}/{ref*}", archive),
    Route("GET", "/{kind}", default_archive),
]
