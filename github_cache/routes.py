"""The route that answered a request, as metrics name it: as the URL configuration spells it, so that there are few."""

from django.http import HttpRequest


def of(request: HttpRequest) -> str:
    """`/api/v1/github/<str:owner>/…`; the name of one that is a regular expression; `none` for a path that leads
    nowhere."""
    match = request.resolver_match
    if match is None:
        return "none"
    return match.view_name if match.route.startswith("^") else f"/{match.route}"
