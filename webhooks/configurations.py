"""Configurations are made, changed, rotated and removed here, with their hooks at GitHub where that is wanted."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from github_cache import room
from github_cache.models import Tenant
from github_cache.upstream.errors import UpstreamError
from ratelimit.verdict import Wait
from webhooks import github_hooks, health
from webhooks.github_events import EVERY
from webhooks.models import WebhookConfig

T = TypeVar("T")

log = logging.getLogger("hubcache.webhooks")

OVERLAP = timedelta(hours=24)
"""After a rotation the old secret stays good so long, for what GitHub signed with it and sends, or sends again."""

RECEIVER = "/api/v1/webhooks/github"
SHOWN_AT_GITHUB = frozenset({"events", "active", "webhook_url", "secret"})


class HookNotManaged(Exception):
    """GitHub could not be asked about the hook now; `retry_after` in seconds."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(f"GitHub's limit does not allow this now ({wait.why}).")
        self.retry_after = int(wait.seconds) + 1


def own_url(config: WebhookConfig) -> str:
    """The address at which only this configuration's secret is tried."""
    return f"{settings.HUBCACHE_PUBLIC_URL}{RECEIVER}/{config.pk}"


def public_url() -> str:
    """The address of every configuration that has no path of its own."""
    return f"{settings.HUBCACHE_PUBLIC_URL}{RECEIVER}"


def create(fields: Mapping[str, Any]) -> WebhookConfig:
    """Keeps a configuration; its address is its own path unless another is given."""
    config = WebhookConfig(**fields)
    with transaction.atomic():
        config.save()
        if not config.webhook_url:
            config.webhook_url = own_url(config)
            config.save(update_fields=["webhook_url"])
    learn_ids(config)
    return config


def create_registered(fields: Mapping[str, Any]) -> WebhookConfig:
    """The same with its hook at GitHub: both or neither. Raises UpstreamError and HookNotManaged."""
    config = create(fields)
    try:
        register(config)
    except BaseException:
        config.delete()
        raise
    return config


def change(config: WebhookConfig, fields: Mapping[str, Any], now: datetime) -> WebhookConfig:
    """Changes a configuration, and its hook where that was made from here. After a new secret the old is good a while.

    The hook is changed last, so that what GitHub signs is always known here; where GitHub does not take the change, all
    but the secret is as before. Raises UpstreamError and HookNotManaged.
    """
    with _kept_if_taken(config, fields, now):
        if config.registered and config.webhook_id and SHOWN_AT_GITHUB & fields.keys():
            _done(lambda: github_hooks.update(config))
    return config


def change_registered(config: WebhookConfig, fields: Mapping[str, Any], now: datetime) -> WebhookConfig:
    """The same for one without a hook at GitHub, which is made. Raises UpstreamError and HookNotManaged."""
    with _kept_if_taken(config, fields, now):
        register(config)
    return config


@contextmanager
def _kept_if_taken(config: WebhookConfig, fields: Mapping[str, Any], now: datetime) -> Iterator[None]:
    before = {name: getattr(config, name) for name in fields if name != "secret"}
    if "secret" in fields and fields["secret"] != config.secret:
        config.previous_secret, config.previous_secret_until = config.secret, now + OVERLAP
    for name, value in fields.items():
        setattr(config, name, value)
    config.save()
    if "webhook_url" in fields:
        _unproven(config, now)
    try:
        yield
    except (UpstreamError, HookNotManaged):
        for name, value in before.items():
            setattr(config, name, value)
        config.save(update_fields=list(before))
        raise


def _unproven(config: WebhookConfig, now: datetime) -> None:
    """What proved that a hook arrives was said of its former address."""
    config.last_delivery_at = config.checked_at = config.reconciled_at = None
    config.save(update_fields=["last_delivery_at", "checked_at", "reconciled_at"])
    health.report(config, now)


def remove(config: WebhookConfig) -> None:
    """Removes a configuration and its deliveries."""
    config.delete()


def remove_registered(config: WebhookConfig) -> None:
    """The same with its hook at GitHub, that first. Raises UpstreamError and HookNotManaged."""
    if config.webhook_id:
        _done(lambda: github_hooks.delete(config))
    config.delete()


def learn_ids(config: WebhookConfig) -> None:
    """Asks GitHub whose hook it is, so that no payload is believed about it. Failing that, a delivery will tell."""
    if config.target == WebhookConfig.For.TENANT or not config.name:
        return
    try:
        found = github_hooks.target_ids(config)
    except (UpstreamError, KeyError, TypeError, ValueError) as error:
        log.info("hook's target not asked for", extra={"config_id": config.pk, "error": type(error).__name__})
        return
    if isinstance(found, Wait):
        return
    its_id, owner_id = found
    if config.target == WebhookConfig.For.REPOSITORY:
        config.repository_id, config.organization_id = its_id, owner_id
    else:
        config.organization_id = its_id
    config.save(update_fields=["repository_id", "organization_id"])


def from_environment() -> WebhookConfig | None:
    """The configuration that GITHUB_WEBHOOK_SECRET makes for the first tenant, None without one.

    It is good for the organisation HUBCACHE_ORG, or for all that the tenant has where none is set. A secret that was
    changed in the environment is rotated.
    """
    if not settings.GITHUB_WEBHOOK_SECRET:
        return None
    tenant, _ = Tenant.objects.get_or_create(slug=settings.HUBCACHE_TENANT)
    target = WebhookConfig.For.ORGANIZATION if settings.HUBCACHE_ORG else WebhookConfig.For.TENANT
    known = WebhookConfig.objects.filter(
        tenant=tenant, target=target, organization__iexact=settings.HUBCACHE_ORG, from_environment=True
    ).first()
    if known is not None:
        if known.secret != settings.GITHUB_WEBHOOK_SECRET:
            _rotated(known, settings.GITHUB_WEBHOOK_SECRET)
        return known
    config = WebhookConfig(
        tenant=tenant,
        target=target,
        organization=settings.HUBCACHE_ORG,
        secret=settings.GITHUB_WEBHOOK_SECRET,
        events=[EVERY],
        webhook_url=public_url(),
        from_environment=True,
    )
    config.save()
    return config


def _rotated(config: WebhookConfig, secret: str) -> None:
    """GitHub may be away at start; its hook then goes on with the old secret, which stays good for a while."""
    try:
        change(config, {"secret": secret}, timezone.now())
    except (UpstreamError, HookNotManaged) as error:
        log.error("the hook at GitHub has the old secret", extra={"config_id": config.pk, "error": str(error)})


def register(config: WebhookConfig) -> None:
    """Makes the hook at GitHub of a configuration that has none. Raises UpstreamError and HookNotManaged."""
    config.webhook_id = _done(lambda: github_hooks.create(config))
    config.registered = True
    config.save(update_fields=["webhook_id", "registered", "updated_at"])


def ensure_registered(config: WebhookConfig, url: str = "") -> bool:
    """The hook is at GitHub afterwards, and sends to this address or, of the environment's configuration without one,
    to where HUBCACHE_PUBLIC_URL is now; whether it had to be made.

    Raises UpstreamError and HookNotManaged.
    """
    address = url or (public_url() if config.from_environment else config.webhook_url)
    there: dict[str, Any] = _done(lambda: github_hooks.compare(config)) if config.webhook_id else {"found": False}
    if there["found"]:
        if address != config.webhook_url or (config.registered and "webhook_url" in there["differences"]):
            change(config, {"webhook_url": address}, timezone.now())
        return False
    change_registered(config, {"webhook_url": address}, timezone.now())
    return True


def _done(ask: Callable[[], T | Wait]) -> T:
    """What GitHub answers, after a moment's wait where its limits on writes ask for one. Raises HookNotManaged."""
    outcome = room.patiently(ask)
    if isinstance(outcome, Wait):
        raise HookNotManaged(outcome)
    return outcome
