"""What operators see of background work: workers that were heard of, and tasks that were set aside for a person."""

from django.db import models


class Worker(models.Model):
    """A Celery worker that said that it lives."""

    name = models.CharField(max_length=255, unique=True)
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name


class ParkedTask(models.Model):
    """A task that failed for good, or whose worker died several times while it ran. The same task has one row."""

    name = models.CharField(max_length=255)
    arguments = models.JSONField(help_text="[positional, named]")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of name and arguments.")
    error = models.TextField(help_text="What came of it last.")
    times = models.PositiveIntegerField(default=1, help_text="How often it was set aside.")
    parked_at = models.DateTimeField(db_index=True, help_text="When it was last.")

    def __str__(self) -> str:
        return self.name
