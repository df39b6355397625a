"""Reading fields of GitHub's bodies (pure). A body without a field that we need is no body that we know."""

from collections.abc import Mapping
from typing import Any

from github_cache.upstream.errors import BadAnswer

GHOST = {"login": "ghost", "type": "User"}
"""Whom GitHub shows in place of an account that was deleted."""

Json = dict[str, Any]


def need(body: Mapping[str, Any], name: str) -> Any:
    """The field `name`. Raises BadAnswer where it is missing."""
    try:
        return body[name]
    except (KeyError, TypeError):
        raise BadAnswer(f"GitHub's answer lacks {name!r}") from None


def text(value: Any) -> str | None:
    """A text, null where it is empty."""
    return value or None


def instant(value: str | None) -> str | None:
    """A time as GitHub's REST API spells it: `2026-11-21T02:00:00Z`."""
    return value.replace(".000Z", "Z") if value else None


def lowered(value: str | None) -> str | None:
    """A value of one of GraphQL's enumerations as REST spells it."""
    return value.lower() if value else None


def rest_account(account: Mapping[str, Any] | None) -> Json:
    """`{login, type}` of a user, organisation or bot."""
    return {"login": need(account, "login"), "type": account.get("type", "User")} if account else dict(GHOST)


def graphql_account(actor: Mapping[str, Any] | None) -> Json:
    """The same of GraphQL, where the login of a bot lacks its `[bot]`."""
    if not actor:
        return dict(GHOST)
    login, kind = need(actor, "login"), actor.get("__typename", "User")
    if kind == "Bot" and not login.endswith("[bot]"):
        login += "[bot]"
    return {"login": login, "type": kind if kind in ("Bot", "Organization") else "User"}


def nodes(connection: Mapping[str, Any] | None) -> list[Json]:
    """The objects of a connection's page, without those that GitHub left out."""
    return [node for node in (connection or {}).get("nodes") or () if node]
