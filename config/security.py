"""What browsers are told about every page: our own files only, no inline script, in no other page's frame or hands."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
# ReDoc starts a worker out of a blob, and Swagger UI is set up by an inline script in drf-spectacular's templates.
DOCUMENTATION_POLICY = POLICY + "; script-src 'self' 'unsafe-inline'; worker-src 'self' blob:"


class PageHeaders:
    """Adds this to HTML answers, whoever made them; nobody heeds it elsewhere, and API answers are many."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            policy = DOCUMENTATION_POLICY if request.path in ("/docs", "/redoc") else POLICY
            response.headers.setdefault("Content-Security-Policy", policy)
            response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        return response
