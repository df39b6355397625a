"""The shorter way of API requests: the steps of settings.MIDDLEWARE in their order, without those that only pages need.

What has no cookie has no session, no form to protect and no message to show. Nor does an answer out of the cache touch
the database, so what Django does by signals before and after each request is done once, and directly. A request that
brings a cookie goes Django's own way, so that staff who are logged in are known here too.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import resolve
from django.utils.log import log_response
from django.utils.module_loading import import_string

PREFIX = "/api/"
REMEMBERED_UP_TO = 200
"""Characters of a path whose view is not looked up again each time."""
Handler = Callable[[HttpRequest], HttpResponseBase]


def takes(environ: WSGIEnvironment) -> bool:
    """Whether a request goes the short way."""
    return environ["PATH_INFO"].startswith(PREFIX) and not environ.get("HTTP_COOKIE")


class ApiStack:
    """Goes the short way where it can, and else hands on to `django`, which has to be set up."""

    def __init__(self, django: WSGIApplication) -> None:
        self._django = django
        # Clients ask for the same paths over and over.
        self._resolved = lru_cache(maxsize=2048)(resolve)
        self._excuses: list[Callable[[HttpRequest, Exception], HttpResponseBase | None]] = []
        self._steps: Handler = convert_exception_to_response(self._answered)
        for name in reversed(settings.MIDDLEWARE):
            if name not in settings.PAGE_MIDDLEWARE:
                step = import_string(name)(self._steps)
                if hasattr(step, "process_exception"):
                    self._excuses.append(step.process_exception)
                self._steps = convert_exception_to_response(step)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not takes(environ):
            return self._django(environ, start_response)
        # A connection that broke or grew old in the thread's last request must not be used in this one.
        close_old_connections()
        request = WSGIRequest(environ)
        response = self.respond(request)
        cookies = [("Set-Cookie", cookie.OutputString()) for cookie in response.cookies.values()]
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items(), *cookies])
        return response if response.streaming else [response.content]

    def respond(self, request: HttpRequest) -> HttpResponseBase:
        """The answer to a request that goes the short way."""
        response = self._steps(request)
        if response.status_code >= 400:
            log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
        return response

    def _answered(self, request: HttpRequest) -> HttpResponseBase:
        """The view's answer, as Django gets it at the end of its chain. Raises Http404 where no view is."""
        path = request.path_info
        known = self._resolved if len(path) <= REMEMBERED_UP_TO else resolve
        match = request.resolver_match = known(path)
        try:
            response = match.func(request, *match.args, **match.kwargs)
            return response.render() if isinstance(response, SimpleTemplateResponse) else response
        except Exception as error:
            for excuse in self._excuses:
                if (answer := excuse(request, error)) is not None:
                    return answer
            raise
