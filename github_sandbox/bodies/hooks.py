"""*pure*. Webhooks and their deliveries (docs.github.com/rest/webhooks)."""

import json
from typing import Any

from github_sandbox.bodies.urls import Urls
from github_sandbox.clock import iso
from github_sandbox.entities import Repository
from github_sandbox.hooks import Delivery, Hook

Json = dict[str, Any]


def hook_config(hook: Hook) -> Json:
    """The configuration as it is shown: a secret only as asterisks."""
    secret = {"secret": "********"} if hook.secret else {}
    return {"content_type": hook.content_type, "insecure_ssl": hook.insecure_ssl} | secret | {"url": hook.url}


def hook_body(hook: Hook, url: str) -> Json:
    """*url*: the hook's own, such as `…/repos/o/r/hooks/7`."""
    latest = hook.deliveries[0] if hook.deliveries else None
    last: Json = {"code": None, "status": "unused", "message": None}
    if latest and latest.status != "pending":
        status = "active" if 200 <= latest.status_code < 300 else "invalid"
        last = {"code": latest.status_code or None, "status": status, "message": latest.status}
    test = {"test_url": f"{url}/test"} if hook.target_type == "repository" else {}
    return (
        {
            "type": hook.target_type.capitalize(),
            "id": hook.id,
            "name": "web",
            "active": hook.active,
            "events": list(hook.events),
            "config": hook_config(hook),
            "updated_at": iso(hook.updated_at),
            "created_at": iso(hook.created_at),
            "url": url,
        }
        | test
        | {"ping_url": f"{url}/pings", "deliveries_url": f"{url}/deliveries", "last_response": last}
    )


def hook_url(hook: Hook, repository: Repository | None, organization_login: str | None, urls: Urls) -> str:
    if repository is not None:
        return f"{urls.repo(repository)}/hooks/{hook.id}"
    return f"{urls.api}/orgs/{organization_login}/hooks/{hook.id}"


def delivery_in_list(delivery: Delivery) -> Json:
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": iso(delivery.delivered_at),
        "redelivery": delivery.redelivery,
        "duration": round(delivery.duration, 3),
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": None,
        "repository_id": delivery.repository_id,
        "throttled_at": None,
    }


def delivery_body(delivery: Delivery, hook: Hook) -> Json:
    return delivery_in_list(delivery) | {
        "url": hook.url,
        "request": {"headers": delivery.request_headers, "payload": json.loads(delivery.payload)},
        "response": {"headers": delivery.response_headers, "payload": delivery.response_body},
    }
