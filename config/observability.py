"""Structured logs with secrets taken out: what is written, whatever it is about.

INFO for what went well, WARNING for limits and retries, ERROR for failures; for people in a terminal, else JSON.
"""

import logging
import logging.config
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest

# GitHub's token formats, our own keys, and bearer headers of any other form.
SECRET = re.compile(
    r"(gh[pousr]_[A-Za-z0-9_]{6,}|github_pat_[A-Za-z0-9_]{6,}|\bhc_[A-Za-z0-9_-]{8,}"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)|(?i:(?<=bearer )|(?<=token )|(?<=basic ))[A-Za-z0-9._~+/=-]{8,})"
)
REDACTED = "[redacted]"
# Local variables stay out of logged tracebacks: they hold bodies and secrets that no pattern knows.
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
# Libraries that say at INFO what our own lines say better.
_QUIET = ("django.server", "kombu", "celery.worker.strategy", "celery.app.trace", "celery.beat")


def redact(value: Any) -> Any:
    """`value` with everything that looks like a token replaced, in nested dicts, lists and tuples too.

    Of a request, which Django's own lines bear, method and path are left: its query may hold a secret of any form.
    """
    if isinstance(value, str):
        return SECRET.sub(REDACTED, value)
    if isinstance(value, dict):
        return {key: redact(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(redact(item) for item in value)
    return f"{value.method} {value.path}" if isinstance(value, HttpRequest) else value


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
            "loggers": {name: {"level": "WARNING"} for name in _QUIET},
        }
    )
