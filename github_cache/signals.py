"""The one fact that travels upwards: something of a tenant's scope has changed and was read anew."""

from django.dispatch import Signal

# Sent with tenant: str, scope: keys.Scope, kind: str.
changed = Signal()
