"""The tenant that a management command names."""

from django.core.management.base import CommandError

from github_cache.models import Tenant


def existing(slug: str) -> str:
    """The same name. Raises CommandError where there is no such tenant: nothing is held for it, or ever will be."""
    if not Tenant.objects.filter(slug=slug).exists():
        raise CommandError(f"There is no tenant {slug!r}: make it in the admin, or leave --tenant out.")
    return slug
