"""*pure*. Labels, milestones, issues, pull requests and their comments (docs.github.com/rest/issues, /rest/pulls)."""

from typing import Any
from urllib.parse import quote

from github_sandbox.bodies.accounts import simple_account
from github_sandbox.bodies.repositories import repository_in_list
from github_sandbox.bodies.urls import Urls
from github_sandbox.clock import iso
from github_sandbox.entities import Account, Comment, Issue, Label, Milestone, PullRequest, Repository

Json = dict[str, Any]
_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def label_body(repository: Repository, label: Label, urls: Urls) -> Json:
    return {
        "id": label.id,
        "node_id": label.node_id,
        "url": f"{urls.repo(repository)}/labels/{quote(label.name, safe='')}",
        "name": label.name,
        "color": label.color,
        "default": label.default,
        "description": label.description,
        "archived_at": None,
        "archived_by": None,
    }


def milestone_body(repository: Repository, milestone: Milestone, urls: Urls) -> Json:
    url = f"{urls.repo(repository)}/milestones/{milestone.number}"
    states = [i.state for i in repository.issues.values() if i.milestone and i.milestone.id == milestone.id]
    return {
        "url": url,
        "html_url": f"{urls.repo_html(repository)}/milestone/{milestone.number}",
        "labels_url": f"{url}/labels",
        "id": milestone.id,
        "node_id": milestone.node_id,
        "number": milestone.number,
        "title": milestone.title,
        "description": milestone.description,
        "creator": simple_account(milestone.creator, urls),
        "open_issues": states.count("open"),
        "closed_issues": states.count("closed"),
        "state": milestone.state,
        "created_at": iso(milestone.created_at),
        "updated_at": iso(milestone.updated_at),
        "due_on": iso(milestone.due_on),
        "closed_at": iso(milestone.closed_at),
    }


def comment_body(repository: Repository, issue: Issue, comment: Comment, urls: Urls) -> Json:
    url = f"{urls.repo(repository)}/issues/comments/{comment.id}"
    return {
        "url": url,
        "html_url": f"{issue_html(repository, issue, urls)}#issuecomment-{comment.id}",
        "issue_url": f"{urls.repo(repository)}/issues/{issue.number}",
        "id": comment.id,
        "node_id": comment.node_id,
        "user": simple_account(comment.user, urls),
        "created_at": iso(comment.created_at),
        "updated_at": iso(comment.updated_at),
        "author_association": association(repository, comment.user),
        "body": comment.body,
        "reactions": _reactions(url),
        "performed_via_github_app": None,
    }


def issue_html(repository: Repository, issue: Issue, urls: Urls) -> str:
    kind = "pull" if isinstance(issue, PullRequest) else "issues"
    return f"{urls.repo_html(repository)}/{kind}/{issue.number}"


def association(repository: Repository, account: Account) -> str:
    """What *account* is to the repository: OWNER, MEMBER, COLLABORATOR or NONE."""
    if account is repository.owner:
        return "OWNER"
    if account.login in repository.owner.members:
        return "MEMBER"
    return "COLLABORATOR" if account.login in repository.collaborators else "NONE"


def issue_body(repository: Repository, issue: Issue, urls: Urls) -> Json:
    """An issue, or a pull request in the form in which `/issues` lists it."""
    api = urls.repo(repository)
    url = f"{api}/issues/{issue.number}"
    assignees = [simple_account(account, urls) for account in issue.assignees]
    body: Json = {
        "url": url,
        "repository_url": api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": issue_html(repository, issue, urls),
        "id": issue.id,
        "node_id": issue.node_id,
        "number": issue.number,
        "title": issue.title,
        "user": simple_account(issue.user, urls),
        "labels": [label_body(repository, label, urls) for label in issue.labels],
        "state": issue.state,
        "locked": issue.locked,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": milestone_body(repository, issue.milestone, urls) if issue.milestone else None,
        "comments": len(issue.comments),
        "created_at": iso(issue.created_at),
        "updated_at": iso(issue.updated_at),
        "closed_at": iso(issue.closed_at),
        "author_association": association(repository, issue.user),
        "active_lock_reason": None,
    }
    if isinstance(issue, PullRequest):
        body["draft"] = issue.draft
        body["pull_request"] = {
            "url": f"{api}/pulls/{issue.number}",
            "html_url": issue_html(repository, issue, urls),
            "diff_url": f"{issue_html(repository, issue, urls)}.diff",
            "patch_url": f"{issue_html(repository, issue, urls)}.patch",
            "merged_at": iso(issue.merged_at),
        }
    body["body"] = issue.body
    body["reactions"] = _reactions(url)
    body["timeline_url"] = f"{url}/timeline"
    body["performed_via_github_app"] = None
    body["state_reason"] = issue.state_reason
    return body


def single_issue_body(repository: Repository, issue: Issue, urls: Urls) -> Json:
    """`GET …/issues/{number}`: as in the list, and who closed it."""
    closed_by = simple_account(issue.closed_by, urls) if issue.closed_by else None
    return issue_body(repository, issue, urls) | {"closed_by": closed_by}


def pull_in_list(repository: Repository, pull: PullRequest, urls: Urls) -> Json:
    api, html = urls.repo(repository), issue_html(repository, pull, urls)
    url = f"{api}/pulls/{pull.number}"
    issue = f"{api}/issues/{pull.number}"
    assignees = [simple_account(account, urls) for account in pull.assignees]
    return {
        "url": url,
        "id": pull.id,
        "node_id": pull.node_id,
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": issue,
        "number": pull.number,
        "state": pull.state,
        "locked": pull.locked,
        "title": pull.title,
        "user": simple_account(pull.user, urls),
        "body": pull.body,
        "created_at": iso(pull.created_at),
        "updated_at": iso(pull.updated_at),
        "closed_at": iso(pull.closed_at),
        "merged_at": iso(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [label_body(repository, label, urls) for label in pull.labels],
        "milestone": milestone_body(repository, pull.milestone, urls) if pull.milestone else None,
        "draft": pull.draft,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{api}/pulls/comments{{/number}}",
        "comments_url": f"{issue}/comments",
        "statuses_url": f"{api}/statuses/{pull.head_sha}",
        "head": _side(repository, pull.head_ref, pull.head_sha, urls),
        "base": _side(repository, pull.base_ref, pull.base_sha, urls),
        "_links": {
            "self": {"href": url},
            "html": {"href": html},
            "issue": {"href": issue},
            "comments": {"href": f"{issue}/comments"},
            "review_comments": {"href": f"{url}/comments"},
            "review_comment": {"href": f"{api}/pulls/comments{{/number}}"},
            "commits": {"href": f"{url}/commits"},
            "statuses": {"href": f"{api}/statuses/{pull.head_sha}"},
        },
        "author_association": association(repository, pull.user),
        "auto_merge": None,
        "active_lock_reason": None,
    }


def pull_body(repository: Repository, pull: PullRequest, urls: Urls) -> Json:
    """`GET …/pulls/{number}`."""
    is_open = pull.state == "open"
    return pull_in_list(repository, pull, urls) | {
        "merged": pull.merged_at is not None,
        "mergeable": True if is_open else None,
        "rebaseable": True if is_open else None,
        "mergeable_state": "clean" if is_open else "unknown",
        "merged_by": simple_account(pull.merged_by, urls) if pull.merged_by else None,
        "comments": len(pull.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": 0,
        "deletions": 0,
        "changed_files": 0,
    }


def _side(repository: Repository, ref: str, sha: str, urls: Urls) -> Json:
    return {
        "label": f"{repository.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": simple_account(repository.owner, urls),
        "repo": repository_in_list(repository, urls),
    }


def _reactions(url: str) -> Json:
    return {"url": f"{url}/reactions", "total_count": 0} | dict.fromkeys(_REACTIONS, 0)
