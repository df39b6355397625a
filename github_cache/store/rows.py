"""The two tables of the store: values for where there is no Redis, and invalidations that wait for Redis."""

from django.db import models


class KeptValue(models.Model):
    """An entry, an epoch or a small value. Written and deleted by store/database.py only."""

    key = models.CharField(max_length=511, primary_key=True)
    index = models.CharField(max_length=511, blank=True, db_index=True)
    deleted_with = models.CharField(max_length=200, blank=True)
    data = models.BinaryField()
    ends = models.FloatField(db_index=True)

    def __str__(self) -> str:
        return self.key


class PendingInvalidation(models.Model):
    """A scope that is invalidated as soon as Redis can be written again, before anything is read from it."""

    tenant = models.CharField(max_length=40)
    scope = models.CharField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.tenant} {self.scope}"
