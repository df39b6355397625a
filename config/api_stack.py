"""The shorter way of API requests: the steps of settings.MIDDLEWARE in their order, without those that only pages need.

What has no cookie has no session, no form to protect and no message to show. A request that brings one goes the long
way, so that staff who are logged in are known here too.
"""

from collections.abc import Callable

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import resolve
from django.utils.module_loading import import_string

PREFIX = "/api/"
Handler = Callable[[HttpRequest], HttpResponseBase]


class ApiStack:
    """The outermost middleware. It adds no step: what it calls is Django's chain, or the shorter one."""

    def __init__(self, get_response: Handler) -> None:
        self._long = get_response
        self._excuses: list[Callable[[HttpRequest, Exception], HttpResponseBase | None]] = []
        self._short: Handler = convert_exception_to_response(self._answered)
        for name in reversed(settings.MIDDLEWARE):
            middleware = import_string(name)
            if middleware is not type(self) and name not in settings.PAGE_MIDDLEWARE:
                step = middleware(self._short)
                if hasattr(step, "process_exception"):
                    self._excuses.append(step.process_exception)
                self._short = convert_exception_to_response(step)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        alone = request.path_info.startswith(PREFIX) and not request.META.get("HTTP_COOKIE")
        return self._short(request) if alone else self._long(request)

    def _answered(self, request: HttpRequest) -> HttpResponseBase:
        """The view's answer, as Django gets it at the end of its chain. Raises Http404 where no view is."""
        match = request.resolver_match = resolve(request.path_info)
        try:
            response = match.func(request, *match.args, **match.kwargs)
            return response.render() if isinstance(response, SimpleTemplateResponse) else response
        except Exception as error:
            for excuse in self._excuses:
                if (answer := excuse(request, error)) is not None:
                    return answer
            raise
