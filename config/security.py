"""The content security policy of every page: our own files only, no inline script."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
# ReDoc starts a worker out of a blob, and Swagger UI is set up by an inline script in drf-spectacular's templates.
DOCUMENTATION_POLICY = POLICY + "; script-src 'self' 'unsafe-inline'; worker-src 'self' blob:"


class ContentSecurityPolicy:
    """Adds the policy to HTML answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            policy = DOCUMENTATION_POLICY if request.path in ("/docs", "/redoc") else POLICY
            response.headers.setdefault("Content-Security-Policy", policy)
        return response
