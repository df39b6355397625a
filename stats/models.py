"""The index as rows: organisations, repositories, the automations in them, and what is counted about them.

Everything belongs to a tenant. `facet_ids` on a row are the IDs of its facet values, comma-separated: one plain
query fills the columns in memory. `generation` says at which change of the index a repository was written last.
"""

import uuid
from collections.abc import Iterable

from django.db import models
from django.db.models import Max, Value
from django.db.models.functions import Lower
from django.utils import timezone

from github_cache.models import Tenant
from stats.report_rows import Cache, CacheReads, GitHubLimit, StoreSample
from stats.vocabulary import FACETS

__all__ = [
    "Automation",
    "Cache",
    "CacheReads",
    "DailyRollup",
    "FacetValue",
    "GitHubLimit",
    "IndexGeneration",
    "IndexedFile",
    "Organization",
    "Repository",
    "StoreSample",
    "SyncRun",
]

MAX_VALUE = 255


def _new_lineage() -> str:
    return uuid.uuid4().hex


class Organization(models.Model):
    """An organisation (or user) at GitHub whose repositories are indexed."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="organizations")
    login = models.CharField(max_length=MAX_VALUE)
    synced_at = models.DateTimeField(null=True, blank=True, help_text="When a sync last went through to its end.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("tenant", "login"), name="organization_once_per_tenant"),)

    def __str__(self) -> str:
        return self.login


class RepositoryQuerySet(models.QuerySet["Repository"]):
    def named(self, tenant: str, full_name: str) -> "RepositoryQuerySet":
        """What a tenant's index holds under `owner/name`; capitals make no difference, as at GitHub."""
        rows = self.filter(tenant_id=tenant, removed_at=None)
        return rows.alias(folded=Lower("full_name")).filter(folded=Lower(Value(full_name)))


class Repository(models.Model):
    """A repository as GitHub described it at `observed_at`; `removed_at` marks one that is gone from the index.

    The row of a removed one stays, emptied, so that an older report cannot bring it back.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="repositories", db_index=False)
    github_id = models.BigIntegerField()
    full_name = models.CharField(max_length=MAX_VALUE, db_index=True)
    owner = models.CharField(max_length=MAX_VALUE)
    description = models.TextField(blank=True)
    html_url = models.CharField(max_length=500, blank=True)
    default_branch = models.CharField(max_length=MAX_VALUE, blank=True)
    visibility = models.CharField(max_length=20, default="private")
    is_private = models.BooleanField(default=True)
    archived = models.BooleanField(default=False)
    fork = models.BooleanField(default=False)
    licence = models.CharField(max_length=100, blank=True, help_text="SPDX identifier.")
    topics = models.JSONField(default=list)
    languages = models.JSONField(default=dict, help_text="Name to bytes.")
    stargazers_count = models.PositiveIntegerField(default=0)
    forks_count = models.PositiveIntegerField(default=0)
    open_issues_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)
    pushed_at = models.DateTimeField(null=True, blank=True)

    observed_at = models.DateTimeField(help_text="When GitHub was asked for what stands here.")
    removed_at = models.DateTimeField(null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True, help_text="Of everything indexed about it.")
    facet_ids = models.TextField(blank=True)
    unreadable_files = models.PositiveIntegerField(default=0, help_text="Files of it that could not be read.")
    newest_at = models.BigIntegerField(default=0, help_text="Epoch seconds by which the newest comes first.")
    generation = models.BigIntegerField(default=0)

    objects = RepositoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "repositories"
        constraints = (models.UniqueConstraint(fields=("tenant", "github_id"), name="repository_once_per_tenant"),)
        indexes = (
            models.Index(fields=("tenant", "generation"), name="repository_by_generation"),
            models.Index("tenant", Lower("full_name"), name="repository_by_name"),
        )

    def __str__(self) -> str:
        return self.full_name


class Automation(models.Model):
    """One workflow or Home Assistant automation, as its file describes it."""

    class Kind(models.TextChoices):
        GITHUB_ACTIONS = "github_actions", "GitHub Actions workflow"
        HOME_ASSISTANT = "home_assistant", "Home Assistant automation"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="automations", db_index=False)
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="automations")
    kind = models.CharField(max_length=20, choices=Kind)
    name = models.TextField()
    description = models.TextField(blank=True)
    path = models.TextField()
    line = models.PositiveIntegerField(default=1)
    triggers = models.JSONField(default=list)
    actions = models.JSONField(default=list, help_text="References as written, or services called.")
    blueprints = models.JSONField(default=list)
    permissions = models.JSONField(default=list)
    runners = models.JSONField(default=list)
    schedules = models.JSONField(default=list)
    secrets = models.JSONField(default=list, help_text="Names of secrets, never their values.")
    pinned = models.BooleanField(null=True, blank=True, help_text="Empty: it uses nothing from outside.")
    digest = models.CharField(max_length=64)
    facet_ids = models.TextField(blank=True)
    newest_at = models.BigIntegerField(help_text="Epoch seconds by which the newest comes first.")

    class Meta:
        indexes = (models.Index(fields=("tenant", "repository"), name="automation_by_tenant"),)

    def __str__(self) -> str:
        return self.name


class IndexedFile(models.Model):
    """A file that was looked into, and what came of it: so many automations, or why it could not be read."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="files", db_index=False)
    path = models.TextField()
    automations = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True, help_text="Why it could not be read; empty where it could.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("repository", "path"), name="file_once_per_repository"),)
        indexes = (models.Index("repository", name="unreadable_file", condition=~models.Q(reason="")),)

    def __str__(self) -> str:
        return self.path


class FacetValue(models.Model):
    """A value that a facet has somewhere, and the number that stands for it in `facet_ids`."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="facet_values", db_index=False)
    facet = models.CharField(max_length=20, choices=[(facet.name, facet.title) for facet in FACETS.values()])
    value = models.CharField(max_length=MAX_VALUE)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("tenant", "facet", "value"), name="facet_value_once"),)

    def __str__(self) -> str:
        return f"{self.facet}:{self.value}"


class IndexGeneration(models.Model):
    """One row per tenant: how often its index has changed. Its lock puts writers in a row."""

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="index_generation")
    value = models.BigIntegerField(default=0)
    lineage = models.CharField(
        max_length=32, default=_new_lineage, help_text="Tells this count from one of another database."
    )
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.tenant_id}: {self.value}"


class DailyRollup(models.Model):
    """What the index held at the end of a day (or holds today), for growth over time."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="daily_rollups", db_index=False)
    day = models.DateField()
    repositories = models.PositiveIntegerField()
    automations = models.PositiveIntegerField()
    by_kind = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("tenant", "day"), name="rollup_once_a_day"),)

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.day}"


class SyncRun(models.Model):
    """A sync of one organisation: how far it has come, so that one cut off goes on where it stopped."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting for GitHub's limit"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"
        DONE = "done", "Done"

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="syncs")
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    cursor = models.TextField(blank=True, help_text="Where the next page of repositories begins.")
    done_at_cursor = models.PositiveIntegerField(default=0, help_text="Repositories on the pages before it.")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    unread = models.PositiveIntegerField(default=0, help_text="Repositories whose files GitHub did not give.")
    message = models.TextField(blank=True)
    stop_asked = models.BooleanField(default=False)
    runner = models.CharField(max_length=300, blank=True, help_text="The process at it: machine, number, beginning.")
    started_at = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(default=timezone.now, help_text="When it last made progress.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.state} {self.done}/{self.total}"

    @classmethod
    def latest(cls, organizations: Iterable[Organization]) -> dict[int, "SyncRun"]:
        """The last run of each of these organisations, by the organisation's number. One query."""
        last = cls.objects.filter(organization__in=organizations).values("organization").annotate(pk_last=Max("pk"))
        return {run.organization_id: run for run in cls.objects.filter(pk__in=last.values("pk_last"))}
