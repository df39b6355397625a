"""The rows behind the charts of the cache: reads in slots of five minutes, and how the store was in each of them.

They are facts: written by `stats.reports` only, and deleted after some days.
"""

from django.db import models

from ratelimit.models import GitHubRateLimit


class CacheReads(models.Model):
    """How often a kind of thing was read with this outcome, from `slot` on for five minutes."""

    slot = models.DateTimeField()
    tenant = models.CharField(max_length=40, help_text="Its slug; the row outlives the tenant.")
    kind = models.CharField(max_length=40)
    outcome = models.CharField(max_length=20, help_text="As X-Cache says it.")
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "cache reads"
        constraints = (models.UniqueConstraint(fields=("slot", "tenant", "kind", "outcome"), name="reads_once_a_slot"),)

    def __str__(self) -> str:
        return f"{self.slot:%H:%M} {self.tenant} {self.kind} {self.outcome}: {self.count}"


class StoreSample(models.Model):
    """How Redis was once in these five minutes."""

    slot = models.DateTimeField(primary_key=True)
    keys = models.PositiveBigIntegerField()
    memory_bytes = models.PositiveBigIntegerField()
    evicted_keys = models.PositiveBigIntegerField(help_text="Since Redis started.")

    def __str__(self) -> str:
        return f"{self.slot:%H:%M} {self.keys} keys"


class Cache(CacheReads):
    """The cache as the admin shows it: its own page, and its own permissions (`stats.delete_cache` may clear)."""

    class Meta:
        proxy = True
        verbose_name = verbose_name_plural = "cache"


class GitHubLimit(GitHubRateLimit):
    """GitHub's limits as they are now, for the admin's live page."""

    class Meta:
        proxy = True
        verbose_name = "GitHub limit"
        verbose_name_plural = "GitHub limits (live)"
