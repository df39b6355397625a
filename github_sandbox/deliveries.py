"""Sends what happens in a world to its webhooks: in the background, signed, each attempt recorded.

A failed delivery is not repeated unless asked for; a redelivery bears the same GUID. Ten seconds to answer, and
redirects are not followed, as on GitHub.
"""

import json
import queue
import threading
import time
import uuid

import requests

from github_sandbox.bodies.hooks import hook_body, hook_url
from github_sandbox.bodies.urls import Urls
from github_sandbox.entities import Account, Repository, node_id
from github_sandbox.hooks import Delivery, Hook
from github_sandbox.payloads import ZEN, delivery_headers, encode, payload_of
from github_sandbox.world import Happening, World

SECONDS_TO_ANSWER = 10
KEPT_SECONDS = 3 * 86400
SENDERS = 4
_RESPONSE_KEPT = 2000


class Deliveries:
    """The outbox of *world*; `listen` is to be among its listeners."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: queue.Queue[tuple[Hook, Delivery] | None] = queue.Queue()
        self._threads: list[threading.Thread] = []

    def listen(self, happening: Happening) -> None:
        """Queue a delivery for every hook that subscribes to the event; the world is locked."""
        hooks = self._subscribed(happening)
        if hooks:
            guid = str(uuid.uuid4())
            payload = payload_of(happening, self._urls())
            for hook in hooks:
                more = self._installation(hook, happening.organization)
                self._queue(hook, happening.event, guid, payload | more, happening.repository)

    def ping(self, hook: Hook, sender: Account, repository: Repository | None, organization: Account | None) -> None:
        """Send `ping`, as GitHub does when a hook is made."""
        urls = self._urls()
        login = organization.login if organization else None
        body = hook_body(hook, hook_url(hook, repository, login, urls))
        about = {"zen": ZEN, "hook_id": hook.id, "hook": body}
        happening = Happening("ping", about, sender, repository, organization)
        self._queue(hook, "ping", str(uuid.uuid4()), payload_of(happening, urls), repository)

    def redeliver(self, hook: Hook, earlier: Delivery) -> Delivery:
        """Send the very same bytes and headers again."""
        again = Delivery(
            self._world.next_id(),
            earlier.guid,
            earlier.event,
            earlier.action,
            earlier.repository_id,
            self._world.clock.now(),
            True,
            dict(earlier.request_headers),
            earlier.payload,
        )
        self._enqueue(hook, again)
        return again

    def drain(self) -> None:
        """Return once everything that was queued has been sent or has failed."""
        self._waiting.join()

    def close(self) -> None:
        """Send what is queued, and stop."""
        for _ in self._threads:
            self._waiting.put(None)

    def _urls(self) -> Urls:
        return Urls(self._world.api_url, self._world.html_url)

    def _subscribed(self, happening: Happening) -> list[Hook]:
        found: list[Hook] = []
        if happening.repository is not None:
            found += self._world.hooks_of("repository", happening.repository.id)
        if happening.organization is not None:
            found += self._world.hooks_of("organization", happening.organization.id)
        for installation in self._world.installations.values():
            if installation.target is happening.organization:
                found += self._world.hooks_of("integration", installation.app.id)
        return [h for h in found if h.active and ("*" in h.events or happening.event in h.events)]

    def _installation(self, hook: Hook, organization: Account | None) -> dict[str, object]:
        """What an App's own hook is told besides: for which installation."""
        if hook.target_type != "integration":
            return {}
        found = next(i for i in self._world.installations.values() if i.target is organization)
        return {"installation": {"id": found.id, "node_id": node_id("IntegrationInstallation", found.id)}}

    def _queue(
        self, hook: Hook, event: str, guid: str, payload: dict[str, object], repository: Repository | None
    ) -> None:
        body, content_type = encode(hook, payload)
        action = payload.get("action")
        delivery = Delivery(
            self._world.next_id(),
            guid,
            event,
            action if isinstance(action, str) else None,
            repository.id if repository else None,
            self._world.clock.now(),
            False,
            delivery_headers(hook, event, guid, body, content_type),
            body,
        )
        self._enqueue(hook, delivery)

    def _enqueue(self, hook: Hook, delivery: Delivery) -> None:
        if not self._threads:
            self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(SENDERS)]
            for thread in self._threads:
                thread.start()
        oldest = self._world.clock.now() - KEPT_SECONDS
        hook.deliveries = [delivery, *(d for d in hook.deliveries if d.delivered_at >= oldest)]
        self._waiting.put((hook, delivery))

    def _work(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (item := self._waiting.get()) is not None:
                try:
                    _send(session, *item)
                finally:
                    self._waiting.task_done()
            self._waiting.task_done()


def _send(session: requests.Session, hook: Hook, delivery: Delivery) -> None:
    began = time.perf_counter()
    try:
        response = session.post(
            hook.url,
            data=delivery.payload,
            headers=delivery.request_headers,
            timeout=SECONDS_TO_ANSWER,
            allow_redirects=False,
            verify=hook.insecure_ssl != "1",
        )
    except requests.Timeout:
        delivery.status = "timed out"
    except (requests.RequestException, UnicodeError) as error:
        delivery.status = "failed to connect to host"
        delivery.response_body = json.dumps(type(error).__name__)
    else:
        delivery.response_headers = dict(response.headers)
        delivery.response_body = response.text[:_RESPONSE_KEPT]
        delivery.status_code = response.status_code
        delivery.status = "OK" if response.ok else f"Invalid HTTP Response: {response.status_code}"
    delivery.duration = time.perf_counter() - began
