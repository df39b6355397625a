"""Webhook configurations, and the deliveries they received. A delivery's row is the queue of what is left to do for it.

`next_try_at` is set exactly while something is left: a row is claimed by moving it into the future, so that one whose
worker died comes back by itself. Bodies are kept as they came, compressed: no database refuses bytes.
"""

import zlib
from datetime import datetime
from typing import Any

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q

from github_cache.encryption import EncryptedTextField
from github_cache.models import Tenant
from webhooks import payloads
from webhooks.affects import Target
from webhooks.signature import Candidate, Secrets


class WebhookConfig(models.Model):
    """A hook at GitHub that may tell us about one repository, one organisation, or all that a tenant has."""

    class For(models.TextChoices):
        REPOSITORY = "repository"
        ORGANIZATION = "organization"
        TENANT = "tenant", "all of the tenant"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="webhook_configs")
    target = models.CharField(max_length=12, choices=For)
    repository = models.CharField(max_length=201, blank=True, help_text="owner/name, of a hook of a repository.")
    repository_id = models.BigIntegerField(
        null=True, blank=True, help_text="GitHub's ID; learnt where it is not given."
    )
    organization = models.CharField(max_length=100, blank=True, help_text="Login, of a hook of an organisation.")
    organization_id = models.BigIntegerField(
        null=True, blank=True, help_text="GitHub's ID; of a repository's hook, that of the owner as GitHub told it."
    )
    webhook_id = models.BigIntegerField(null=True, blank=True, db_index=True, help_text="GitHub's ID of the hook.")
    webhook_url = models.CharField(
        max_length=500,
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text="Where GitHub sends deliveries to.",
    )
    secret = EncryptedTextField(help_text="Never shown again.")
    previous_secret = EncryptedTextField(null=True, blank=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    events = models.JSONField(default=list, help_text='Names of events; "*" for all.')
    sent_events = models.JSONField(
        null=True, blank=True, editable=False, help_text="The events that GitHub says its hook sends; unknown at first."
    )
    active = models.BooleanField(default=True)
    registered = models.BooleanField(default=False, editable=False, help_text="The hook at GitHub was made from here.")
    from_environment = models.BooleanField(default=False, editable=False, help_text="Made by GITHUB_WEBHOOK_SECRET.")
    last_delivery_at = models.DateTimeField(null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Up to when GitHub's list of deliveries holds nothing we lack."
    )
    reconciled_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When what we hold was last compared with GitHub."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("id",)
        verbose_name = "webhook configuration"

    def __str__(self) -> str:
        return f"{self.tenant_id}: {self.name or 'everything'}"

    @property
    def name(self) -> str:
        """The repository's full name, the organisation's login, or '' for all of the tenant."""
        return self.repository if self.target == self.For.REPOSITORY else self.organization

    def speaks_for(self) -> Target:
        """What its deliveries are believed about."""
        if self.target == self.For.REPOSITORY:
            return Target("repository", self.repository_id, self.repository, self.organization_id)
        if self.target == self.For.ORGANIZATION:
            return Target("organization", self.organization_id, self.organization)
        return Target("tenant")

    def candidate(self, now: datetime) -> Candidate["WebhookConfig"]:
        """Itself with the secrets that are good at `now`."""
        secrets = Secrets(self.secret, self.previous_secret, self.previous_secret_until)
        return Candidate(self, secrets.good_at(now))


class WebhookEventQuerySet(models.QuerySet["WebhookEvent"]):
    def waiting(self) -> "WebhookEventQuerySet":
        """Deliveries for which something is left to do, now or later."""
        return self.filter(next_try_at__isnull=False)


class WebhookEvent(models.Model):
    """One delivery of one configuration. A second one of the same GUID is the same row."""

    class State(models.TextChoices):
        RECEIVED = "received"
        PROCESSING = "processing"
        PROCESSED = "processed"
        FAILED = "failed"
        IGNORED = "ignored"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="webhook_events", db_index=False)
    config = models.ForeignKey(WebhookConfig, models.CASCADE, related_name="webhook_events", db_index=False)
    delivery_id = models.CharField(max_length=100, help_text="X-GitHub-Delivery: a GUID that a redelivery repeats.")
    event_type = models.CharField(max_length=100)
    action = models.CharField(max_length=100, blank=True)
    repository_full_name = models.CharField(max_length=201, blank=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True, help_text="As it came, compressed; empty once it was too old to be kept.")
    body_digest = models.BinaryField(max_length=32, help_text="SHA-256 of the body as it came.")
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    scope = models.CharField(max_length=60, blank=True, help_text="What it is worked off together with.")
    touched = models.JSONField(default=dict, help_text="What it makes stale, revokes and changes in the index.")
    pending = models.JSONField(null=True, blank=True, help_text="What of that is left; empty for all of it.")
    entries_removed = models.PositiveIntegerField(default=0, help_text="Entries deleted when it was received.")
    result = models.JSONField(default=dict, blank=True, help_text="What was refetched and indexed.")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    objects = WebhookEventQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        constraints = (models.UniqueConstraint(fields=("config", "delivery_id"), name="delivery_once_per_config"),)
        indexes = (
            models.Index(fields=("next_try_at",), condition=Q(next_try_at__isnull=False), name="delivery_waiting"),
            models.Index(fields=("tenant", "-id"), name="delivery_newest_first"),
            models.Index(fields=("received_at",), name="delivery_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.event_type} {self.delivery_id}"

    @property
    def parked(self) -> bool:
        """It failed for good, and waits for a person."""
        return self.state == self.State.FAILED and self.next_try_at is None

    def raw_body(self) -> bytes | None:
        """The body as it came, or None where it is no longer kept."""
        return None if self.body is None else zlib.decompress(bytes(self.body))

    def payload(self) -> dict[str, Any] | None:
        """The payload, or None where the body is no longer kept."""
        body = self.raw_body()
        return None if body is None else payloads.parse(body, self.headers.get("Content-Type", payloads.JSON_TYPE))
