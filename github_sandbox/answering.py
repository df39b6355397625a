"""From an `Answer` to status, headers and bytes: JSON, ETag, 304, `Link`-less headers that every answer bears, gzip.

A User-Agent with curl, Wget, Safari or Firefox in it gets a pretty-printed body; the ETag is of the plain one.
"""

import gzip
import json
import re
from dataclasses import dataclass
from typing import Any

import orjson

from github_sandbox import etags
from github_sandbox.call import Answer, Call
from github_sandbox.clock import http_date
from github_sandbox.limits import Quota

API_VERSION = "2022-11-28"
_PRETTY = re.compile(r"curl|wget|safari|firefox", re.IGNORECASE)
_GZIP_FROM = 1000
_EXPOSED = (
    "ETag, Link, Location, Retry-After, X-GitHub-OTP, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Used, "
    "X-RateLimit-Resource, X-RateLimit-Reset, X-OAuth-Scopes, X-Accepted-OAuth-Scopes, X-Poll-Interval, "
    "X-GitHub-Media-Type, X-GitHub-SSO, X-GitHub-Request-Id, Deprecation, Sunset"
)
_VARY = "Accept, Authorization, Cookie, X-GitHub-OTP"
_VARY_ALWAYS = "Accept-Encoding, Accept, X-Requested-With"
_SECURITY = {
    "Access-Control-Expose-Headers": _EXPOSED,
    "Access-Control-Allow-Origin": "*",
    "Strict-Transport-Security": "max-age=31536000; includeSubdomains; preload",
    "X-Frame-Options": "deny",
    "X-Content-Type-Options": "nosniff",
    "X-XSS-Protection": "0",
    "Referrer-Policy": "origin-when-cross-origin, strict-origin-when-cross-origin",
    "Content-Security-Policy": "default-src 'none'",
}


@dataclass(slots=True)
class Finished:
    """What goes on the wire; `body` is empty for HEAD while Content-Length tells its size."""

    status: int
    headers: dict[str, str]
    body: bytes


def finish(call: Call, answer: Answer, scopes: str, not_modified_anyway: str | None = None) -> Finished:
    """Encode *answer*; *not_modified_anyway* names the fault under which any conditional GET is a 304."""
    reads = call.method in ("GET", "HEAD")
    plain = _encode(answer.body)
    headers = {"Server": "GitHub.com", "Date": http_date(call.now)}
    opaque = None
    with_etag = answer.cacheable and answer.status in (200, 201)
    if with_etag:
        opaque = answer.etag or etags.body_etag(call.headers, plain)
    conditional = any(name in call.headers for name in ("if-none-match", "if-modified-since"))
    unchanged = etags.is_unchanged(call.headers, opaque, answer.last_modified)
    if reads and conditional and ((not_modified_anyway and answer.status < 500) or (with_etag and unchanged)):
        status, body = 304, b""
    else:
        status, body = answer.status, plain
        if answer.body is not None or status not in (204, 304):
            headers["Content-Type"] = answer.content_type
    if with_etag:
        headers["Cache-Control"] = f"{'private' if call.token else 'public'}, max-age=60, s-maxage=60"
    elif answer.status == 200 and not answer.cacheable:
        headers["Cache-Control"] = "no-cache"
    headers["Vary"] = f"{_VARY}, {_VARY_ALWAYS}" if answer.status in (200, 201) else _VARY_ALWAYS
    if body and not isinstance(answer.body, bytes) and _PRETTY.search(call.headers.get("user-agent", "")):
        body = json.dumps(answer.body, indent=2, ensure_ascii=False).encode() + b"\n"
    zipped = status != 304 and len(body) >= _GZIP_FROM and "gzip" in call.headers.get("accept-encoding", "")
    if zipped:
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    if opaque is not None:
        headers["ETag"] = etags.weak(opaque) if zipped else etags.strong(opaque)
    if answer.last_modified is not None and with_etag:
        headers["Last-Modified"] = http_date(answer.last_modified)
    if answer.media_type is not None and call.token is not None and call.token.installation is None:
        headers["X-OAuth-Scopes"] = ", ".join(call.token.scopes)
        headers["X-Accepted-OAuth-Scopes"] = scopes
    if answer.media_type is not None:
        headers["X-GitHub-Media-Type"] = answer.media_type
    headers["X-GitHub-Api-Version-Selected"] = call.headers.get("x-github-api-version", API_VERSION)
    # A 304 does not say where other pages are: whoever holds a full page has to ask for it anew.
    headers |= {name: value for name, value in answer.headers.items() if status != 304 or name != "Link"}
    if status not in (204, 304):
        headers["Content-Length"] = str(len(body))
    return Finished(status, headers, b"" if call.method == "HEAD" else body)


def rate_limit_headers(quota: Quota) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(quota.limit),
        "X-RateLimit-Remaining": str(quota.remaining),
        "X-RateLimit-Reset": str(quota.reset),
        "X-RateLimit-Used": str(quota.used),
        "X-RateLimit-Resource": quota.bucket,
    }


def common_headers(request_number: int) -> dict[str, str]:
    """What every answer bears; *request_number* goes into the request ID."""
    return _SECURITY | {"X-GitHub-Request-Id": f"5A4D:{request_number:08X}:0B0C5:{request_number * 7919:09X}"}


def _encode(body: Any) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else orjson.dumps(body)
