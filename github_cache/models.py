"""Tenants, their credentials at GitHub, and the keys of their callers. Secrets stand encrypted or as digests only."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from github_cache.encryption import EncryptedTextField
from github_cache.store.rows import KeptValue, PendingInvalidation

__all__ = ["ApiKey", "ApiKeyQuerySet", "Credential", "KeptValue", "PendingInvalidation", "Tenant"]

API_KEY_PREFIX = "hc_"


class Tenant(models.Model):
    """An organisation's own share of everything: cache, index, credentials. Its slug stands in keys, unchanging."""

    slug = models.CharField(
        primary_key=True,
        max_length=40,
        validators=[RegexValidator(r"^[a-z0-9-]{1,40}$", "1 to 40 of a-z, 0-9 and -")],
    )
    name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.name or self.slug


class Credential(models.Model):
    """A token of a user, or an installation of a GitHub App, that a tenant's reads may use."""

    class Kind(models.TextChoices):
        TOKEN = "token", "Personal access token"
        APP = "app", "GitHub App installation"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="credentials")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TOKEN)
    secret = EncryptedTextField(help_text="The token, or the App's private key as PEM text. Never shown again.")
    app_id = models.CharField(max_length=20, blank=True)
    installation_id = models.CharField(max_length=20, blank=True)
    pinned = models.BooleanField(
        default=False, help_text="Serves /user and writes for callers that come with an API key."
    )
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("tenant", "name")
        constraints = (models.UniqueConstraint(fields=("tenant", "name"), name="credential_name_once_per_tenant"),)

    def __str__(self) -> str:
        return f"{self.tenant_id}/{self.name}"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, now: datetime) -> "ApiKeyQuerySet":
        """Keys that are neither revoked nor expired."""
        return self.filter(revoked_at=None).exclude(expires_at__lte=now)


class ApiKey(models.Model):
    """A key `hc_…` of a caller. The key itself is shown once; its first letters and its SHA-256 are kept."""

    class Scope(models.TextChoices):
        READ = "read"
        WRITE = "write"
        WEBHOOKS = "webhooks"
        ADMIN = "admin"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    requests_per_window = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: the general limit.")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ("tenant", "name")

    def __str__(self) -> str:
        return f"{self.tenant_id}/{self.name} ({self.prefix}…)"

    @staticmethod
    def digest_of(key: str) -> str:
        """SHA-256 in hex. The key has 256 random bits, so no slow hash is needed."""
        return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()

    @classmethod
    def create(
        cls,
        tenant: Tenant,
        name: str,
        scopes: Iterable[str] = (Scope.READ,),
        expires_at: datetime | None = None,
    ) -> tuple["ApiKey", str]:
        """A new row and the key in clear, which is not kept. Raises ValueError for a scope that doesn't exist."""
        wanted = tuple(scopes)
        if unknown := set(wanted) - set(cls.Scope.values):
            raise ValueError(f"{', '.join(sorted(unknown))}: scopes are {', '.join(cls.Scope.values)}")
        key = API_KEY_PREFIX + secrets.token_urlsafe(32)
        row = cls.objects.create(
            tenant=tenant,
            name=name,
            prefix=key[:10],
            digest=cls.digest_of(key),
            scopes=list(wanted),
            expires_at=expires_at,
        )
        return row, key

    def revoke(self) -> None:
        """Ends the key now."""
        self.revoked_at = timezone.now()
        self.save(update_fields=["revoked_at"])


class Use(models.Model):
    """What people asked for, so that it is known even after the store was emptied. Only asks that the tenant's own
    credentials can repeat; `weight` counts its uses, older ones less."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="uses")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the ask.")
    ask = models.TextField(help_text="As it is written down.")
    used_at = models.DateTimeField()
    weight = models.FloatField(default=1.0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("tenant", "digest"), name="use_once_per_tenant"),)
        indexes = (models.Index(fields=("tenant", "-weight"), name="use_by_weight"),)

    def __str__(self) -> str:
        return self.ask
