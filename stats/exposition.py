"""`/metrics`: all metrics in Prometheus' format, for networks in METRICS_ALLOW and the operator's keys."""

import ipaddress
from contextlib import nullcontext

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from github_cache import metric_files


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics of all processes, or 403 with what to do."""
    if for_operators(request):
        shared = metric_files.folder()
        with metric_files.whole(shared) if shared else nullcontext():
            return ExportToDjangoView(request)
    return JsonResponse(
        {
            "type": "about:blank",
            "title": "Forbidden",
            "status": 403,
            "detail": "Metrics are for the networks in METRICS_ALLOW and the first tenant's keys with the admin scope.",
        },
        status=403,
        content_type="application/problem+json",
    )


def for_operators(request: HttpRequest) -> bool:
    """Does this come from a network in METRICS_ALLOW, or from a caller of the first tenant with the admin scope?

    The first tenant is the operator's own; what concerns the whole house names things of the others.
    """
    caller = getattr(request, "caller", None)
    if caller is not None and "admin" in caller.scopes and caller.tenant == settings.HUBCACHE_TENANT:
        return True
    return _from_allowed_network(request)


def _from_allowed_network(request: HttpRequest) -> bool:
    # Behind a proxy the peer is the proxy, which may be in an allowed network when the caller is not.
    if request.headers.get("X-Forwarded-For"):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network, strict=False) for network in settings.METRICS_ALLOW)
