"""Answers of the typed API as they look, for its description."""

REPOSITORY = {
    "id": 1296269, "node_id": "MDEwOlJlcG9zaXRvcnkxMjk2MjY5", "name": "api", "full_name": "acme/api",
    "owner": {"login": "acme", "type": "Organization"}, "description": "The API", "html_url": "https://github.com/acme/api",
    "homepage": None, "visibility": "public", "private": False, "fork": False, "archived": False, "disabled": False,
    "is_template": False, "default_branch": "main", "language": "Go", "topics": ["api"], "license": "MIT",
    "stargazers_count": 80, "forks_count": 9, "watchers_count": 80, "open_issues_count": 3, "size": 108,
    "has_issues": True, "created_at": "2024-01-26T19:01:12Z", "updated_at": "2026-11-01T09:14:43Z",
    "pushed_at": "2026-11-20T19:06:43Z",
}  # fmt: skip
LANGUAGES = {"Go": 78769, "Makefile": 1024}
_AUTHOR = {"login": "octocat", "type": "User"}
ISSUES = [{"number": 7, "title": "It stops at midnight", "state": "open", "user": _AUTHOR, "labels": [{"name": "bug"}]}]
PULLS = [{"number": 8, "title": "Count in UTC", "state": "open", "user": _AUTHOR, "draft": False, "labels": []}]
WORKFLOWS = [{"id": 161335, "name": "CI", "path": ".github/workflows/ci.yml", "state": "active"}]
NEW_LABEL = {"label_name": "bug", "color": "d73a4a", "description": "Something isn't working"}
INVALIDATED = {"status": "success", "repository": "acme/api", "epochs": 15, "entries": 2}
QUOTA = {"limit": 5000, "remaining": 4950, "reset": "2026-11-21T03:00:00Z", "used": 50, "percentage_used": 1.0}
RATE_LIMITS = {
    "status": "success",
    "rate_limits": {"core": QUOTA},
    "accounts": [{"name": "environment 1", "rate_limits": {"core": QUOTA}}],
}
