"""Sentry: every error, and the course of one request or task in so many, with secrets taken out.

An answer out of the cache takes less than following it would. So a request is chosen before anything is begun, and one
that is not chosen pays for what an error report needs, no more: what it was, and what was logged on its way.
"""

import random
from collections.abc import Iterable
from functools import partial
from inspect import unwrap
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.util import request_uri

from django.core.handlers.wsgi import WSGIHandler

from config.observability import redact

TRACED = 0.01
"""The share of requests and tasks whose course is sent."""


def start(dsn: str, share: float = TRACED, **options: Any) -> None:
    """Reports to Sentry from now on; does nothing, and costs nothing, without a DSN.

    Outgoing HTTP is found by the SDK itself. `options` go to `sentry_sdk.init`.
    """
    if not dsn:
        return
    import redis
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration
    from sentry_sdk.integrations.redis import RedisIntegration

    class FollowedRedis(RedisIntegration):
        """Looks at Redis's commands only where a course is followed."""

        @staticmethod
        def setup_once() -> None:
            plain = redis.Redis.execute_command
            RedisIntegration.setup_once()
            followed = redis.Redis.execute_command

            def execute_command(self: redis.Redis, *args: Any, **options: Any) -> Any:
                command = plain if sentry_sdk.get_current_span() is None else followed
                return command(self, *args, **options)

            redis.Redis.execute_command = execute_command  # type: ignore[method-assign]

    def scrubbed(event: Any, _hint: Any) -> Any:
        # Queries may hold secrets of any form, and so does the text that a logged request is by now.
        event.get("request", {}).pop("query_string", None)
        event.get("extra", {}).pop("request", None)
        return redact(event)

    def chosen(about: dict[str, Any]) -> float:
        """Requests were chosen by `followed`; whoever began a course elsewhere chose for us."""
        if about["parent_sampled"] is not None:
            return float(about["parent_sampled"])
        return 1.0 if "wsgi_environ" in about else share

    sentry_sdk.init(
        dsn,
        integrations=[
            DjangoIntegration(signals_spans=False, http_methods_to_capture=()),
            CeleryIntegration(),
            FollowedRedis(),
        ],
        auto_session_tracking=False,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=scrubbed,
        before_send_transaction=scrubbed,
        before_breadcrumb=scrubbed,
        **{"traces_sample_rate": share, "traces_sampler": chosen, **options},
    )


def unfollowed(application: WSGIHandler) -> WSGIApplication:
    """Django's handler without Sentry's wrapper around it, which follows every request."""
    return partial(unwrap(type(application).__call__), application)


def followed(application: WSGIApplication, others: WSGIApplication, dsn: str) -> WSGIApplication:
    """`application` for the share of requests that `start` was told, each followed, and `others` for the rest; `others`
    itself without a DSN."""
    if not dsn:
        return others
    import sentry_sdk
    from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware

    share = sentry_sdk.get_client().options["traces_sample_rate"]
    follow = SentryWsgiMiddleware(application)

    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if random.random() < share or "HTTP_SENTRY_TRACE" in environ:
            return follow(environ, start_response)
        with sentry_sdk.isolation_scope() as scope:
            scope.add_event_processor(partial(_with_request, environ))
            return others(environ, start_response)

    return choose


def _with_request(environ: WSGIEnvironment, event: Any, _hint: Any) -> Any:
    from sentry_sdk.integrations.django.transactions import LEGACY_RESOLVER

    about = {"method": environ["REQUEST_METHOD"], "url": request_uri(environ, include_query=False)}
    event["request"] = {**event.get("request", {}), **about}
    event["transaction"] = LEGACY_RESOLVER.resolve(environ["PATH_INFO"])
    return event
