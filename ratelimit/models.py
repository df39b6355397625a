"""The history of GitHub's limits: rows that record facts, and are never changed."""

from django.db import models


class GitHubRateLimit(models.Model):
    """One reading of one bucket of one account."""

    resource_type = models.CharField("resource", max_length=40, help_text="Bucket: core, search, graphql, …")
    limit = models.PositiveIntegerField()
    remaining = models.PositiveIntegerField()
    used = models.PositiveIntegerField()
    reset_at = models.DateTimeField(null=True, help_text="Empty where the window had not begun.")
    account_name = models.CharField("account", max_length=200, help_text="The name that people know the account by.")
    token_hash = models.CharField(max_length=64, help_text="SHA-256 of the token, or the account's own key.")
    checked_at = models.DateTimeField()

    class Meta:
        verbose_name = "GitHub rate limit"
        ordering = ("-checked_at", "-id")
        indexes = (
            models.Index(fields=("resource_type", "-checked_at"), name="ratelimit_by_resource"),
            models.Index(fields=("token_hash", "resource_type", "-checked_at"), name="ratelimit_by_token"),
            models.Index(fields=("checked_at",), name="ratelimit_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.account_name} {self.resource_type}: {self.remaining} of {self.limit}"

    @property
    def percentage_used(self) -> float:
        """How much of the limit was used, in per cent; above 100 where GitHub counted on past the limit."""
        return round(100 * self.used / self.limit, 2) if self.limit else 0.0
