"""What a signed delivery tells about its own hook: that it works, its ID, and whom it is for.

Written seldom, since every delivery would write the same row.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from webhooks import affects, payloads
from webhooks.announcement import Announcement
from webhooks.models import WebhookConfig
from webhooks.payloads import Subject

SEEN_STEP = timedelta(seconds=30)
"""`last_delivery_at` is written no more often than this."""

RENAMING = frozenset({("repository", "renamed"), ("repository", "transferred"), ("organization", "renamed")})


def observe(
    config: WebhookConfig, announced: Announcement, payload: Mapping[str, Any], subject: Subject, now: datetime
) -> None:
    """Notes what is new about the hook of `config`, out of a delivery whose signature was good."""
    seen = _hook(config, announced, payload, subject)
    if affects.believed(config.speaks_for(), subject):
        seen |= _target(config, subject, renamed=(announced.event, subject.action) in RENAMING)
    if config.last_delivery_at is None or now - config.last_delivery_at > SEEN_STEP:
        seen["last_delivery_at"] = now
    if seen:
        WebhookConfig.objects.filter(pk=config.pk).update(**seen)
        for name, value in seen.items():
            setattr(config, name, value)  # it is handed out for some time


def _hook(
    config: WebhookConfig, announced: Announcement, payload: Mapping[str, Any], subject: Subject
) -> dict[str, Any]:
    if config.target == WebhookConfig.For.TENANT:
        return {}
    if announced.event == "meta" and subject.action == "deleted":
        return {"webhook_id": None, "registered": False}
    seen: dict[str, Any] = {}
    hook = announced.hook_id or payloads.hook_id(payload)
    # A hook that was made anew with the same secret shows itself by its ping.
    if hook and hook != config.webhook_id and (config.webhook_id is None or announced.event == "ping"):
        seen["webhook_id"] = hook
    if announced.event == "ping" and (events := payloads.hook_events(payload)):
        seen["sent_events"] = events
    return seen


def _target(config: WebhookConfig, subject: Subject, *, renamed: bool) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    repository, organization = subject.repository, subject.organization
    if config.target == WebhookConfig.For.REPOSITORY and repository:
        if config.repository_id is None:
            seen["repository_id"] = repository.id
        if repository.full_name and (renamed or not config.repository):
            seen["repository"] = repository.full_name
    elif config.target == WebhookConfig.For.ORGANIZATION and organization:
        if config.organization_id is None:
            seen["organization_id"] = organization.id
        if organization.login and (renamed or not config.organization):
            seen["organization"] = organization.login
    return seen
