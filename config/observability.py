"""Logs and Sentry: one line per request, structured, with secrets taken out before anything is written or sent."""

import logging
import logging.config
import re
import sys
import time
import uuid
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

# GitHub's token formats, our own keys, and bearer headers of any other form.
SECRET = re.compile(
    r"(gh[pousr]_[A-Za-z0-9_]{6,}|github_pat_[A-Za-z0-9_]{6,}|\bhc_[A-Za-z0-9_-]{8,}"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)|(?i:(?<=bearer )|(?<=token )|(?<=basic ))[A-Za-z0-9._~+/=-]{8,})"
)
REDACTED = "[redacted]"
# What a caller may have chosen as a request ID without being able to forge a log line.
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
# Local variables stay out of logged tracebacks: they hold bodies and secrets that no pattern knows.
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
request_log = logging.getLogger("hubcache.request")


def redact(value: Any) -> Any:
    """`value` with everything that looks like a token replaced, in nested dicts, lists and tuples too."""
    if isinstance(value, str):
        return SECRET.sub(REDACTED, value)
    if isinstance(value, dict):
        return {key: redact(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(redact(item) for item in value)
    return value


def _redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value if key.startswith("_") else redact(value) for key, value in event.items()}


def logging_config(form: str, level: str) -> None:
    """Sends all logs to standard error, as JSON or for people (`auto`: for people in a terminal)."""
    for_people = form == "console" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if for_people
        else [_TRACEBACKS, structlog.processors.JSONRenderer()]
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        _redact_event,
                        *last,
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {"django.server": {"level": "WARNING"}, "kombu": {"level": "WARNING"}},
        }
    )


def start_sentry(dsn: str) -> None:
    """Reports errors and traces to Sentry, scrubbed; does nothing, and costs nothing, without a DSN."""
    if not dsn:
        return
    import sentry_sdk

    def scrubbed(event: Any, _hint: Any) -> Any:
        return redact(event)

    sentry_sdk.init(
        dsn,
        send_default_pii=False,
        traces_sample_rate=0.01,
        before_send=scrubbed,
        before_send_transaction=scrubbed,
        max_request_body_size="never",
    )


class RequestLog:
    """One log line per request, and an `X-Request-Id` that is the caller's own where it is harmless."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-Id", "")
        request_id = offered if REQUEST_ID.fullmatch(offered) else uuid.uuid4().hex
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            caller = getattr(request, "caller", None)
            request_log.log(
                logging.WARNING if response.status_code >= 500 else logging.INFO,
                "request",
                extra={
                    "method": request.method,
                    "path": request.path,
                    "status": response.status_code,
                    "milliseconds": round((time.perf_counter() - started) * 1000, 2),
                    "tenant": caller.tenant if caller else None,
                    "outcome": response.get("X-Cache"),
                },
            )
        response.headers["X-Request-Id"] = request_id
        return response
