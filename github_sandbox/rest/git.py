"""Git objects: commits, trees, blobs, refs (docs.github.com/rest/git, /rest/commits)."""

from github_sandbox import changes
from github_sandbox.bodies.commits import single_commit_body
from github_sandbox.bodies.files import (
    blob_body,
    commit_body,
    git_commit_body,
    ref_body,
    subfolders,
    tree_body,
    tree_sha,
)
from github_sandbox.call import Answer, Call, Refused, not_found, nothing
from github_sandbox.clock import parse_iso
from github_sandbox.entities import Repository
from github_sandbox.rest.paging import page_of, repository_url
from github_sandbox.routing import Route
from github_sandbox.trees import Commit, File


def commits(call: Call, repository: Repository) -> Answer:
    """Newest first; `sha` (branch or commit), `path`, `since` and `until` narrow it."""
    start = call.world.commit(repository, call.query.get("sha"))
    if start is None:
        empty = not repository.branches
        raise Refused(409, "Git Repository is empty.") if empty else not_found()
    path = call.query.get("path")
    try:
        since, until = (parse_iso(call.query[n]) if n in call.query else None for n in ("since", "until"))
    except ValueError:
        raise Refused(422, "since and until must be ISO 8601 times") from None
    found = [
        commit
        for commit in call.world.history(repository, start)
        if (path is None or path in (*commit.added, *commit.modified, *commit.removed))
        and (since is None or commit.date >= since)
        and (until is None or commit.date <= until)
    ]
    url = repository_url(call, repository, "/commits")
    return page_of(call, found, url, lambda commit: commit_body(repository, commit, call.urls))


def commit(call: Call, repository: Repository, ref: str) -> Answer:
    found = _commit(call, repository, ref)
    return Answer(single_commit_body(repository, found, call.urls), last_modified=found.date)


def git_commit(call: Call, repository: Repository, sha: str) -> Answer:
    return Answer(git_commit_body(repository, _commit(call, repository, sha), call.urls))


def tree(call: Call, repository: Repository, sha: str) -> Answer:
    files, folder = _tree(call, repository, sha)
    body = tree_body(repository, files, folder, call.query.get("recursive"), call.urls)
    return Answer(body)


def blob(call: Call, repository: Repository, sha: str) -> Answer:
    found = _blob(call, repository, sha)
    if "raw" in call.headers.get("accept", ""):
        kind = "application/vnd.github.v3.raw; charset=utf-8"
        return Answer(found.data, content_type=kind, media_type="github.v3; param=raw", etag=found.sha)
    return Answer(blob_body(repository, found, call.urls))


def refs(call: Call, repository: Repository) -> Answer:
    return matching_refs(call, repository, "")


def matching_refs(call: Call, repository: Repository, prefix: str) -> Answer:
    found = [(ref, c) for ref, c in _all_refs(repository) if ref.startswith(f"refs/{prefix}")]
    url = repository_url(call, repository, f"/git/matching-refs/{prefix}")
    answer = page_of(call, found, url, lambda item: ref_body(repository, *item, call.urls))
    answer.last_modified = repository.pushed_at
    answer.headers["X-Poll-Interval"] = "300"
    return answer


def ref(call: Call, repository: Repository, name: str) -> Answer:
    found = dict(_all_refs(repository)).get(f"refs/{name}")
    if found is None:
        raise not_found()
    return Answer(ref_body(repository, f"refs/{name}", found, call.urls), last_modified=repository.pushed_at)


def create_ref(call: Call, repository: Repository) -> Answer:
    live = call.writable(repository)
    wish = call.json()
    name, sha = wish.get("ref"), wish.get("sha")
    if not isinstance(name, str) or not name.startswith(("refs/heads/", "refs/tags/")):
        raise Refused(422, "Reference name must start with 'refs/heads/' or 'refs/tags/'")
    if name in dict(_all_refs(live)):
        raise Refused(422, "Reference already exists")
    target = call.world.commit(live, sha) if isinstance(sha, str) else None
    if target is None:
        raise Refused(422, "Object does not exist")
    changes.set_ref(call.world, live, call.signed_in(), name, target)
    body = ref_body(live, name, target, call.urls)
    return Answer(body, 201, {"Location": body["url"]})


def move_ref(call: Call, repository: Repository, name: str) -> Answer:
    live = call.writable(repository)
    if f"refs/{name}" not in dict(_all_refs(live)):
        raise Refused(422, "Reference does not exist")
    sha = call.json().get("sha")
    target = call.world.commit(live, sha) if isinstance(sha, str) else None
    if target is None:
        raise Refused(422, "Object does not exist")
    changes.set_ref(call.world, live, call.signed_in(), f"refs/{name}", target)
    return Answer(ref_body(live, f"refs/{name}", target, call.urls))


def delete_ref(call: Call, repository: Repository, name: str) -> Answer:
    live = call.writable(repository)
    if f"refs/{name}" not in dict(_all_refs(live)):
        raise Refused(422, "Reference does not exist")
    changes.delete_ref(call.world, live, call.signed_in(), f"refs/{name}")
    return nothing()


def _commit(call: Call, repository: Repository, name: str) -> Commit:
    if (found := call.world.commit(repository, name)) is None:
        raise Refused(422, f"No commit found for SHA: {name}")
    return found


def _all_refs(repository: Repository) -> list[tuple[str, Commit]]:
    heads = [(f"refs/heads/{name}", commit) for name, commit in repository.branches.items()]
    return sorted(heads) + [(f"refs/tags/{name}", commit) for name, commit in sorted(repository.tags.items())]


def _tree(call: Call, repository: Repository, sha: str) -> tuple[dict[str, File], str]:
    """The files of a commit and the folder in them whose tree *sha* (or ref) names."""
    if found := call.world.commit(repository, sha):
        return found.files, ""
    for commit in call.world.history(repository):
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            if tree_sha(commit.files, folder) == sha:
                return commit.files, folder
            waiting += subfolders(commit.files, folder)
    raise not_found()


def _blob(call: Call, repository: Repository, sha: str) -> File:
    for commit in call.world.history(repository):
        for file in commit.files.values():
            if file.sha == sha:
                return file
    raise not_found()


ROUTES = [
    Route("GET", "/commits", commits),
    Route("GET", "/commits/{ref*}", commit),
    Route("GET", "/git/commits/{sha}", git_commit, "repo"),
    Route("GET", "/git/trees/{sha*}", tree, "repo"),
    Route("GET", "/git/blobs/{sha}", blob, "repo"),
    Route("GET", "/git/refs", refs, "repo"),
    Route("POST", "/git/refs", create_ref, "repo"),
    Route("PATCH", "/git/refs/{ref*}", move_ref, "repo"),
    Route("DELETE", "/git/refs/{ref*}", delete_ref, "repo"),
    Route("GET", "/git/matching-refs/{ref*}", matching_refs, "repo"),
    Route("GET", "/git/ref/{ref*}", ref, "repo"),
]
