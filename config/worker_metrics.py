"""A worker's own /metrics, for machines and containers on which no web server gives out its counters."""

import logging
from collections.abc import Iterable
from typing import Any

from celery.signals import worker_ready
from django.conf import settings
from prometheus_client import Metric, start_http_server

from github_cache import metric_files

log = logging.getLogger("hubcache.workers")


class AllProcesses:
    """What prometheus_client asks of a registry."""

    def collect(self) -> Iterable[Metric]:
        return metric_files.collect()


@worker_ready.connect
def _serve(**_: Any) -> None:
    port = settings.HUBCACHE_WORKER_METRICS_PORT
    if not port:
        return
    try:
        start_http_server(port, registry=AllProcesses())
    except OSError as error:
        log.error("the worker's metrics are not given out", extra={"port": port, "error": error.strerror})
