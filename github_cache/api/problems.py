"""Errors under /api/v1 as `application/problem+json` (RFC 9457): type, title, status, detail, and what else helps."""

from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.views import set_rollback

CONTENT_TYPE = "application/problem+json"


def answer(status: int, detail: str, *, retry_after: int | None = None, **more: Any) -> HttpResponse:
    """A problem document. `more` becomes extension members (RFC 9457, 3.2); `retry_after` in seconds."""
    title = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    # DRF numbers the faults of a list's items.
    body = orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)
    response = HttpResponse(body, status=status, content_type=CONTENT_TYPE)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="hubcache"'
    response.headers["Cache-Control"] = "no-store"
    return response


class Problem(exceptions.APIException):
    """Raised by a view to answer with a problem document."""

    def __init__(self, status: int, detail: str, *, retry_after: int | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status_code = status
        self.retry_after = retry_after
        self.more = more


def handler(error: Exception, _context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler. Anything that is no client's fault is left to Django (a 500 that is logged)."""
    if isinstance(error, Http404):
        error = exceptions.NotFound(*error.args)
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(*error.args)
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    if isinstance(error, Problem):
        return answer(error.status_code, str(error.detail), retry_after=error.retry_after, **error.more)
    if isinstance(error, exceptions.ValidationError):
        return answer(error.status_code, _first_fault(error.detail), errors=error.detail)
    wait = getattr(error, "wait", None)
    return answer(error.status_code, _first_fault(error.detail), retry_after=int(wait) + 1 if wait else None)


def _first_fault(detail: Any, name: str = "") -> str:
    """The first of DRF's nested messages, led by the name of its field, as in `events.0`."""
    if isinstance(detail, dict):
        field, inner = next(iter(detail.items()), ("", "invalid"))
        names = [name, "" if field == "non_field_errors" else f"{field}"]
        return _first_fault(inner, ".".join(filter(None, names)))
    if isinstance(detail, list):
        return _first_fault(detail[0] if detail else "invalid", name)
    return f"{name}: {detail}" if name else str(detail)
