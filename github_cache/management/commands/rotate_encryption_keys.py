"""`manage.py rotate_encryption_keys`: every secret at rest under the newest key of HUBCACHE_ENCRYPTION_KEYS."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import F, Model, TextField
from django.db.models.functions import Cast

from github_cache.encryption import EncryptedTextField, SecretUnreadable, decrypt


class Command(BaseCommand):
    help = (
        "Encrypt all stored secrets anew. Put the new key first in HUBCACHE_ENCRYPTION_KEYS, keep the old one behind "
        "it, restart, run this, and then take the old one out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        renewed, unreadable = 0, []
        for model in apps.get_models():
            names = [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
            for name in names:
                done, failed = _rotate(model, name)
                renewed += done
                unreadable += failed
        self.stdout.write(f"{renewed} secrets are under the newest key.")
        if unreadable:
            raise CommandError(
                f"{len(unreadable)} cannot be read with any key, and were left: {', '.join(unreadable)}. "
                "Add the key that encrypted them to HUBCACHE_ENCRYPTION_KEYS."
            )


def _rotate(model: type[Model], name: str) -> tuple[int, list[str]]:
    """How many of a column were renewed, and the names of the rows that no key reads."""
    renewed, unreadable = 0, []
    with transaction.atomic():
        # As text, since the field itself would decrypt it and stop at the first that it cannot.
        stored = model._default_manager.exclude(**{name: None}).annotate(raw=Cast(F(name), TextField()))
        for key, raw in stored.values_list("pk", "raw"):
            try:
                model._default_manager.filter(pk=key).update(**{name: decrypt(raw)})
                renewed += 1
            except SecretUnreadable:
                unreadable.append(f"{model._meta.label} {key} ({name})")
    return renewed, unreadable
