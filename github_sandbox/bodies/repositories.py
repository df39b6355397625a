"""*pure*. Repositories, their branches and releases (docs.github.com/rest/repos)."""

from typing import Any

from github_sandbox.bodies.accounts import simple_account
from github_sandbox.bodies.urls import Urls
from github_sandbox.clock import iso
from github_sandbox.entities import ROLES, Release, Repository, node_id
from github_sandbox.licences import LICENCES
from github_sandbox.trees import Commit

Json = dict[str, Any]

_TEMPLATES = {
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}


def licence_body(key: str | None, urls: Urls) -> Json | None:
    if key is None:
        return None
    name, spdx = LICENCES[key]
    url = None if key == "other" else f"{urls.api}/licenses/{key}"
    return {"key": key, "name": name, "spdx_id": spdx, "url": url, "node_id": node_id("License", key)}


def permissions_body(role: str) -> dict[str, bool]:
    """`{"admin": …, "maintain": …, "push": …, "triage": …, "pull": …}` of someone with *role*."""
    return {name: ROLES.index(role) >= ROLES.index(name) for name in reversed(ROLES)}


def repository_core(repository: Repository, urls: Urls) -> Json:
    """What every form of a repository begins with, up to `deployments_url`."""
    api = urls.repo(repository)
    body: Json = {
        "id": repository.id,
        "node_id": repository.node_id,
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.private,
        "owner": simple_account(repository.owner, urls),
        "html_url": urls.repo_html(repository),
        "description": repository.description,
        "fork": repository.fork,
        "url": api,
    }
    for name, suffix in _TEMPLATES.items():
        body[name] = api + suffix
    return body


def repository_in_list(repository: Repository, urls: Urls, role: str | None = None) -> Json:
    """A repository as lists hold it; *role*: what the asking account may do there, None when anonymous."""
    open_issues = repository.open_issues()
    html = urls.repo_html(repository)
    body = repository_core(repository, urls)
    body |= {
        "created_at": iso(repository.created_at),
        "updated_at": iso(repository.updated_at),
        "pushed_at": iso(repository.pushed_at),
        "git_url": f"git{html[html.index(':') :]}.git",
        "ssh_url": f"git@{html.partition('//')[2].partition('/')[0]}:{repository.full_name}.git",
        "clone_url": f"{html}.git",
        "svn_url": html,
        "homepage": repository.homepage,
        "size": repository.size,
        "stargazers_count": repository.stargazers,
        "watchers_count": repository.stargazers,
        "language": repository.language,
        "has_issues": repository.has_issues,
        "has_projects": repository.has_projects,
        "has_downloads": repository.has_downloads,
        "has_wiki": repository.has_wiki,
        "has_pages": repository.has_pages,
        "has_discussions": repository.has_discussions,
        "forks_count": repository.forks,
        "mirror_url": None,
        "archived": repository.archived,
        "disabled": repository.disabled,
        "open_issues_count": open_issues,
        "license": licence_body(repository.license, urls),
        "allow_forking": True,
        "is_template": repository.is_template,
        "web_commit_signoff_required": False,
        "topics": list(repository.topics),
        "visibility": repository.visibility,
        "forks": repository.forks,
        "open_issues": open_issues,
        "watchers": repository.stargazers,
        "default_branch": repository.default_branch,
    }
    if role is not None:
        body["permissions"] = permissions_body(role)
    return body


def repository_body(
    repository: Repository, urls: Urls, role: str | None = None, parent: Repository | None = None
) -> Json:
    """`GET /repos/{owner}/{repo}`. The merge settings are shown to those who may push."""
    body = repository_in_list(repository, urls, role)
    if role is not None and ROLES.index(role) >= ROLES.index("push"):
        body |= {
            "allow_squash_merge": True,
            "allow_merge_commit": True,
            "allow_rebase_merge": True,
            "allow_auto_merge": False,
            "delete_branch_on_merge": False,
            "allow_update_branch": False,
            "use_squash_pr_title_as_default": False,
            "squash_merge_commit_message": "COMMIT_MESSAGES",
            "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
            "merge_commit_message": "PR_TITLE",
            "merge_commit_title": "MERGE_MESSAGE",
        }
    if repository.owner.kind == "Organization":
        body["custom_properties"] = {}
        body["organization"] = simple_account(repository.owner, urls)
    if parent is not None:
        body["parent"] = body["source"] = repository_in_list(parent, urls, role)
    body["network_count"] = repository.forks
    body["subscribers_count"] = repository.subscribers
    return body


def branch_body(repository: Repository, name: str, commit: Commit, urls: Urls) -> Json:
    url = f"{urls.repo(repository)}/commits/{commit.sha}"
    return {"name": name, "commit": {"sha": commit.sha, "url": url}, "protected": False}


def tag_body(repository: Repository, name: str, commit: Commit, urls: Urls) -> Json:
    api = urls.repo(repository)
    return {
        "name": name,
        "zipball_url": f"{api}/zipball/refs/tags/{name}",
        "tarball_url": f"{api}/tarball/refs/tags/{name}",
        "commit": {"sha": commit.sha, "url": f"{api}/commits/{commit.sha}"},
        "node_id": node_id("Ref", f"{repository.id}:refs/tags/{name}"),
    }


def release_body(repository: Repository, release: Release, urls: Urls) -> Json:
    api, html = urls.repo(repository), urls.repo_html(repository)
    return {
        "url": f"{api}/releases/{release.id}",
        "assets_url": f"{api}/releases/{release.id}/assets",
        "upload_url": f"{api}/releases/{release.id}/assets{{?name,label}}",
        "html_url": f"{html}/releases/tag/{release.tag_name}",
        "id": release.id,
        "author": simple_account(release.author, urls),
        "node_id": release.node_id,
        "tag_name": release.tag_name,
        "target_commitish": repository.default_branch,
        "name": release.name,
        "draft": release.draft,
        "prerelease": release.prerelease,
        "created_at": iso(release.created_at),
        "published_at": iso(release.published_at),
        "assets": [],
        "tarball_url": f"{api}/tarball/{release.tag_name}",
        "zipball_url": f"{api}/zipball/{release.tag_name}",
        "body": release.body,
    }
