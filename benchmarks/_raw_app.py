"""The ceiling: a bare WSGI function that gives out bytes which it holds, without asking anything."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

BODIES = {f"/{path.stem}": path.read_bytes() for path in Path(os.environ["BENCH_BODIES"]).glob("*.json")}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The body whose name is the path."""
    body = BODIES[environ["PATH_INFO"]]
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]  # which Granian sends at one go, unlike any other iterable
