"""The events that GitHub documents, and which kind of hook delivers them (pure).

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

APP_ONLY = frozenset(
    [
        "github_app_authorization",
        "installation",
        "installation_repositories",
        "installation_target",
        "security_advisory",
    ]
)
"""Sent to the hook of a GitHub App alone."""

ORGANIZATION_ONLY = frozenset(
    [
        "custom_property",
        "membership",
        "org_block",
        "organization",
        "personal_access_token_request",
        "projects_v2",
        "projects_v2_item",
        "projects_v2_status_update",
        "team",
    ]
)
"""Sent to hooks of organisations (and Apps), never to that of a repository."""

OTHER = frozenset(
    [
        "branch_protection_configuration",
        "branch_protection_rule",
        "check_run",
        "check_suite",
        "code_scanning_alert",
        "commit_comment",
        "create",
        "custom_property_values",
        "delete",
        "dependabot_alert",
        "deploy_key",
        "deployment",
        "deployment_protection_rule",
        "deployment_review",
        "deployment_status",
        "discussion",
        "discussion_comment",
        "fork",
        "gollum",
        "issue_comment",
        "issue_dependencies",
        "issues",
        "label",
        "marketplace_purchase",
        "member",
        "merge_group",
        "meta",
        "milestone",
        "package",
        "page_build",
        "ping",
        "project",
        "project_card",
        "project_column",
        "public",
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_review_thread",
        "push",
        "registry_package",
        "release",
        "repository",
        "repository_advisory",
        "repository_dispatch",
        "repository_import",
        "repository_ruleset",
        "repository_vulnerability_alert",
        "secret_scanning_alert",
        "secret_scanning_alert_location",
        "secret_scanning_scan",
        "security_and_analysis",
        "sponsorship",
        "star",
        "status",
        "sub_issues",
        "team_add",
        "watch",
        "workflow_dispatch",
        "workflow_job",
        "workflow_run",
    ]
)

KNOWN = APP_ONLY | ORGANIZATION_ONLY | OTHER
EVERY = "*"
"""What a hook that subscribes to all events lists."""


def label(event: str) -> str:
    """`event` as a metric's label: unknown ones share one."""
    return event if event in KNOWN else "unknown"


def deliverable(event: str, target: str) -> bool:
    """Whether a hook of that kind (`repository`, `organization`, `tenant`) can be sent the event."""
    if target == "repository":
        return event not in APP_ONLY | ORGANIZATION_ONLY
    return target == "tenant" or event not in APP_ONLY


def heard(wanted: list[str], sent: list[str] | None) -> list[str]:
    """The events that a configuration takes and its hook at GitHub sends, as far as that is known."""
    if sent is None or EVERY in sent:
        return wanted
    return sent if EVERY in wanted else [event for event in wanted if event in sent]


def subscribed(event: str, events: list[str]) -> bool:
    """Whether a hook with these events is sent that one. `ping` and `meta` about the hook itself come always."""
    return event in events or EVERY in events or event == "ping"
