"""Run as a program, on the database that the environment names: many threads at once at one receiver or one queue.

`copies N TIMES`: N threads send the same delivery, TIMES over. `workers N ROWS`: N threads claim from ROWS deliveries.
Prints what came of it as JSON.
"""

import collections
import json
import sys
import threading
from collections.abc import Callable
from datetime import timedelta


def copies(threads: int, times: int) -> object:
    from tests.webhooks.conftest import LABELED, delivery
    from webhooks import receiver
    from webhooks.models import WebhookEvent

    statuses: collections.Counter[int] = collections.Counter()
    for number in range(times):
        sent = [delivery("issues", LABELED, guid=f"guid-{number}") for _ in range(threads)]
        statuses.update(_at_once([lambda request=request: receiver.receive(request).status_code for request in sent]))
    return {"statuses": statuses, "rows": WebhookEvent.objects.count()}


def workers(threads: int, rows: int) -> object:
    from django.utils import timezone

    from webhooks import claiming
    from webhooks.models import WebhookConfig, WebhookEvent

    now, config = timezone.now(), WebhookConfig.objects.get()
    waiting = [
        WebhookEvent(
            tenant_id=config.tenant_id,
            config=config,
            delivery_id=str(number),
            event_type="issues",
            scope=f"repo:{number % 40 + 1}",
            received_at=now - timedelta(minutes=1),
            body_digest=b"",
            touched={"kinds": {f"repo:{number % 40 + 1}": ["issues"]}},
            next_try_at=now,
        )
        for number in range(rows)
    ]
    WebhookEvent.objects.bulk_create(waiting)

    def work() -> list[int]:
        mine: list[int] = []
        while batches := claiming.claim(now):
            mine += [each.id for batch in batches for each in batch.events]
        return mine

    claimed = [number for mine in _at_once([work] * threads) for number in mine]
    # A worker that finds a scope in another's hands leaves it; what is left is claimed when that one is done.
    left = WebhookEvent.objects.filter(state=WebhookEvent.State.RECEIVED).count()
    return {"twice": len(claimed) - len(set(claimed)), "claimed_or_left": len(claimed) + left, "some": bool(claimed)}


def _at_once(jobs: list[Callable[[], object]]) -> list:
    from django.db import connection

    results: list = []
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        start.wait()
        results.append(job())
        connection.close()

    running = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return results


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from github_cache.models import Tenant
    from tests.webhooks.conftest import ORG, SECRET
    from webhooks.models import WebhookConfig

    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    call_command("createcachetable", verbosity=0)
    tenant, _ = Tenant.objects.get_or_create(slug="acme")
    WebhookConfig.objects.create(
        tenant=tenant,
        target="organization",
        organization="acme",
        organization_id=ORG["id"],
        secret=SECRET,
        events=["*"],
    )
    what, first, second = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps({"copies": copies, "workers": workers}[what](first, second)))


if __name__ == "__main__":
    main()
