"""What the description of the API says of every operation: how callers prove who they are, and what all answers share.

Registered with drf-spectacular by being imported; `complete` is its post-processing hook.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension

from github_cache.upstream import paths

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_COUNTED = {
    "X-RateLimit-Limit": "Requests that this caller may make in a window.",
    "X-RateLimit-Remaining": "What is left of them.",
    "X-RateLimit-Reset": "When the window ends, in epoch seconds.",
}
_CACHED = {
    "Cache-Status": ("string", "How the answer came about (RFC 9211)."),
    "X-Cache": ("string", "HIT, MISS, REVALIDATED, COALESCED, STALE or BYPASS."),
    "Age": ("integer", "Seconds since it was made or last confirmed."),
    "ETag": ("string", "To be sent back in If-None-Match; 304 then says that nothing has changed."),
}
_ALWAYS = {
    "400": "A parameter, or a body, that cannot be.",
    "401": "No key, or one that is not accepted.",
    "403": "The key lacks the scope.",
    "429": "Too many requests: ours or GitHub's limit; see `Retry-After`.",
}
_NAMED = {
    "owner": {"type": "string", "pattern": f"^{paths.OWNER.pattern}$"},
    "org": {"type": "string", "pattern": f"^{paths.OWNER.pattern}$"},
    "repo": {"type": "string", "pattern": r"^(?!\.{1,2}$)" + f"{paths.REPOSITORY.pattern}$"},
    "label_name": {"type": "string", "pattern": r"^(?!\.{1,2}$)[^\x00-\x1f\x7f\\]{1,1000}$"},
    "id": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
}
CACHED_PATHS = ("/api/v1/github/", "/api/v1/facets", "/api/v1/search", "/api/v1/stats")


class CallerScheme(OpenApiAuthenticationExtension):
    """The three ways in."""

    target_class = "github_cache.api.authentication.CallerAuthentication"
    name = ["bearer", "apiKey", "session"]

    def get_security_definition(self, _auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key `hc_…`, or a GitHub token."},
            {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "An API key `hc_…`."},
            {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "A member of staff, signed in."},
        ]

    def get_security_requirement(self, _auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Any one of them will do."""
        return [{name: []} for name in self.name]


class KnownFields(OpenApiSerializerExtension):
    """Says of a body that fields which are not described are refused."""

    target_class = "github_cache.api.serializers.OnlyKnownFields"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        described = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**described, "additionalProperties": False}


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Adds to every operation the headers and refusals that all of them share."""
    result["components"]["schemas"].setdefault("Problem", _PROBLEM_SCHEMA)
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                _complete(path, method, operation)
    result["paths"] |= OTHER_PATHS
    return result


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status, description in _ALWAYS.items():
        responses.setdefault(status, {"description": description})
    parameters = operation.get("parameters", ())
    for parameter in parameters:
        if parameter["in"] == "path":
            parameter["schema"] = _NAMED.get(parameter["name"], parameter["schema"])
        else:
            # An empty parameter counts as one that was not given.
            parameter["schema"].pop("minLength", None)
            if "enum" in parameter["schema"] and "items" not in parameter["schema"]:
                parameter["schema"]["enum"] = [*parameter["schema"]["enum"], ""]
    if "{" in path or any(parameter["name"] == "cursor" for parameter in parameters):
        responses.setdefault("404", {"description": "There is no such thing, or not for this caller."})
    if "requestBody" in operation:
        responses.setdefault("413", {"description": "The body is too large."})
        responses.setdefault("415", {"description": "The body is no JSON."})
    cached = method == "get" and path.startswith(CACHED_PATHS) and "unreadable" not in path
    if cached:
        responses.setdefault("304", {"description": "What `If-None-Match` named is still so."})
    for status, response in responses.items():
        if status >= "400":
            response["content"] = PROBLEM
        headers = response.setdefault("headers", {})
        headers |= {name: _header("integer", text) for name, text in _COUNTED.items()}
        if status in ("429", "503"):
            headers["Retry-After"] = _header("integer", "Seconds to wait before the next try.")
        if cached and status == "200":
            headers |= {name: _header(kind, text) for name, (kind, text) in _CACHED.items()}


def _header(kind: str, description: str) -> dict[str, Any]:
    return {"schema": {"type": kind}, "description": description}


_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457; further members say more.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}


def _operation(name: str, summary: str, tag: str, answers: dict[str, str], **more: Any) -> dict[str, Any]:
    responses = {
        status: {"description": text, **({"content": PROBLEM} if status >= "400" else {})}
        for status, text in answers.items()
    }
    return {"operationId": name, "summary": summary, "tags": [tag], "responses": responses, **more}


_JSON = {"application/json": {"schema": {"type": "object"}}}
_OPEN: list[dict[str, list[str]]] = [{}]
_KEYS: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}]
_SIGNED = [
    {
        "name": name,
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": pattern},
        "description": text,
    }
    for name, pattern, text in (
        ("X-Hub-Signature-256", "^sha256=[0-9a-f]{64}$", "`sha256=` and the HMAC of the body."),
        ("X-GitHub-Delivery", "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "The delivery's GUID."),
        ("X-GitHub-Event", "^[a-z_]{1,50}$", "The event's name."),
    )
]
_RECEIVED = {
    "200": "It was received before; nothing is done again.",
    "202": "Kept, and what it touches is invalidated.",
    "400": "A header or the body cannot be read.",
    "401": "No configuration's secret made this signature.",
    "404": "There is nothing at this address.",
    "408": "The body did not arrive in time.",
    "409": "The same delivery was received with another body.",
    "413": "The body is too large.",
    "415": "The body is neither JSON nor a form.",
    "429": "Too many requests.",
    "503": "It could not be kept; GitHub shall send it again.",
}


def _receiver(name: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "post": _operation(
            name,
            "Receive a webhook delivery",
            "webhooks",
            _RECEIVED,
            parameters=[*parameters, *_SIGNED],
            requestBody={"required": True, "content": _JSON},
            security=_OPEN,
        )
    }


def _part(name: str, summary: str, failure: str = "") -> dict[str, Any]:
    answers = {"200": "It is well.", "429": "Too many requests."}
    operation = _operation(name, summary, "operations", answers, security=_OPEN)
    operation["responses"]["200"]["content"] = _JSON
    if failure:
        operation["responses"]["503"] = {"description": failure, "content": _JSON}
    return {"get": operation}


_GITHUB = "As GitHub answers, with its status, body and headers, and `X-Cache` and `Cache-Status` beside them."
_GITHUB_PATH = {
    "name": "path",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "A path of GitHub's REST API.",
    "example": "repos/octo-sample/api",
}

OTHER_PATHS: dict[str, Any] = {
    "/api/v1/webhooks/github": _receiver("webhook_receive"),
    "/api/v1/webhooks/github/{config_id}": _receiver(
        "webhook_receive_of", {"name": "config_id", "in": "path", "required": True, "schema": _NAMED["id"]}
    ),
    "/health": _part("health", "How every part does", "A part without which nothing is answered is down."),
    "/health/live": _part("health_live", "The process answers"),
    "/health/ready": _part("health_ready", "Requests can be answered", "The database is down."),
    "/metrics": {
        "get": {
            **_operation(
                "metrics",
                "All metrics, for Prometheus",
                "operations",
                {"200": "The text format.", "403": "The network is not in METRICS_ALLOW.", "429": "Too many requests."},
            ),
            "security": [{}, *_KEYS],
        }
    },
    "/api/v3/{path}": {
        method: {
            "operationId": f"github_rest_{method}",
            "summary": f"GitHub's REST API: {method.upper()}",
            "tags": ["GitHub-compatible"],
            "parameters": [_GITHUB_PATH],
            "responses": {"default": {"description": _GITHUB}},
            "security": _KEYS,
        }
        for method in ("get", "head", "post", "put", "patch", "delete")
    },
    "/api/graphql": {
        "post": {
            "operationId": "github_graphql",
            "summary": "GitHub's GraphQL API",
            "tags": ["GitHub-compatible"],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "properties": {"query": {"type": "string"}, "variables": {"type": "object"}},
                            "required": ["query"],
                        },
                        "example": {"query": "query { viewer { login } }"},
                    }
                },
            },
            "responses": {"default": {"description": _GITHUB}},
            "security": _KEYS,
        }
    },
}
