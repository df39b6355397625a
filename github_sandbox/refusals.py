"""*pure*. The bodies with which GitHub refuses: errors, and both kinds of rate limit."""

from typing import Any

from github_sandbox.call import Answer, Refused
from github_sandbox.entities import Account, Token

_LIMITS = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
_PRIMARY_DOCS = f"{_LIMITS}#primary-rate-limit-for-authenticated-users"
_PRIMARY_ANONYMOUS_DOCS = f"{_LIMITS}#primary-rate-limit-for-unauthenticated-users"
_SECONDARY_DOCS = f"{_LIMITS}#about-secondary-rate-limits"


def refusal(refused: Refused, docs: str) -> Answer:
    body: dict[str, Any] = {"message": refused.message} | refused.more
    if refused.errors is not None:
        body["errors"] = refused.errors
    return Answer(body | {"documentation_url": docs}, refused.status, dict(refused.headers))


def primary_refusal(token: Token | None, address: str, status: int) -> Answer:
    """REST's answer when a bucket is empty (403, or 429)."""
    message = _exceeded(token, address)
    if token is None:
        message += (
            " (But here's the good news: Authenticated requests get a higher rate limit."
            " Check out the documentation for more details.)"
        )
    return Answer(
        {"message": message, "documentation_url": _PRIMARY_DOCS if token else _PRIMARY_ANONYMOUS_DOCS}, status
    )


def graphql_primary_refusal(token: Token | None, address: str) -> Answer:
    """GraphQL's: HTTP 200, and only the body tells."""
    body = {"errors": [{"type": "RATE_LIMITED", "message": _exceeded(token, address)}]}
    return Answer(body, cacheable=False)


def secondary_refusal(status: int, retry_after: int) -> Answer:
    """*retry_after*: seconds for the header, 0 leaves it out, as GitHub sometimes does."""
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return Answer({"documentation_url": _SECONDARY_DOCS, "message": message}, status, headers)


def html_error(status: int) -> Answer:
    page = f"<!DOCTYPE html><html><head><title>Error {status}</title></head><body><h1>{status}</h1></body></html>"
    return Answer(page.encode(), status, content_type="text/html; charset=utf-8")


def json_error(status: int) -> Answer:
    messages = {
        500: "Server Error",
        502: "Server Error",
        503: "Service Unavailable",
        504: "We couldn't respond to your request in time.",
    }
    return Answer({"message": messages.get(status, "Server Error")}, status)


def _exceeded(token: Token | None, address: str) -> str:
    return f"API rate limit exceeded for {_whom(token, address)}."


def _whom(token: Token | None, address: str) -> str:
    if token is None:
        return address
    if token.installation is not None:
        return f"installation ID {token.installation.id}"
    account: Account = token.account
    return f"user ID {account.id}"
