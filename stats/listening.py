"""What was read anew at GitHub is indexed anew: each change of a repository queues one indexing, once it is committed.

Celery only rings the bell. Where it cannot be reached that is counted and logged, and the next sync finds the change.
"""

import logging
from typing import Any, Final

from celery.exceptions import CeleryError
from django.db import transaction
from kombu.exceptions import KombuError

from github_cache.keys import Scope
from github_cache.signals import changed
from stats import metrics

log = logging.getLogger("hubcache.stats.listening")

INDEXED_KINDS: Final = frozenset({"meta", "languages", "workflows", "contents"})


def index_what_changed(sender: Any, *, tenant: str, scope: Scope, kind: str, **kwargs: Any) -> None:
    """Receives `changed`: queues the indexing of a repository whose indexed kinds changed."""
    if scope.kind == "repo" and scope.id.isdecimal() and kind in INDEXED_KINDS:
        transaction.on_commit(lambda: _ring(tenant, int(scope.id)))


def _ring(tenant: str, github_id: int) -> None:
    from stats.tasks import index_repository

    try:
        index_repository.apply_async((tenant, github_id), retry=False)
    except (CeleryError, KombuError, OSError) as error:
        metrics.index_bell_lost_total.inc()
        log.warning("indexing not queued", extra={"tenant": tenant, "repository": github_id, "why": str(error)})


changed.connect(index_what_changed, dispatch_uid="stats.listening")
