"""What an address that leads nowhere, and a fault of ours, look like: in the shape of the surface that was asked."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from github_cache.api import problems
from github_cache.proxy import refusals


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _answer(request, 404, "Not found", "There is nothing at this address.")


def broken(request: HttpRequest) -> HttpResponse:
    """500; the log has the reason, the answer has not."""
    detail = "Something went wrong here; the log says what, under the request's X-Request-Id."
    return _answer(request, 500, "Something went wrong", detail)


def _answer(request: HttpRequest, status: int, title: str, detail: str) -> HttpResponse:
    if refusals.is_github_surface(request.path):
        return refusals.answer(status, detail)
    if request.path.startswith("/api/"):
        return problems.answer(status, detail)
    return render(request, "site/refused.html", {"title": title, "detail": detail}, status=status)
