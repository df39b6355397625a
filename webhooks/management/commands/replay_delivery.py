"""`manage.py replay_delivery`: run stored deliveries again, by GUID or number, or all that failed for good."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils import timezone

from webhooks import replaying
from webhooks.models import WebhookEvent
from webhooks.replaying import NotReplayable


class Command(BaseCommand):
    help = "Run stored webhook deliveries again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("delivery", nargs="*", help="The GUID of a delivery, or its number here.")
        parser.add_argument("--failed", action="store_true", help="All that failed for good.")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["delivery"]) == options["failed"]:
            raise CommandError("Name deliveries by GUID or number, or give --failed.")
        begun = 0
        for event in self._wanted(options).select_related("config"):
            try:
                replaying.replay(event, timezone.now())
            except NotReplayable as error:
                self.stderr.write(f"{event.delivery_id}: {error}")
            else:
                begun += 1
                self.stdout.write(f"{event.delivery_id}: runs again")
        if not begun:
            raise CommandError("No delivery was run again.")

    def _wanted(self, options: dict[str, Any]) -> Any:
        if options["failed"]:
            return WebhookEvent.objects.filter(state=WebhookEvent.State.FAILED, next_try_at=None)
        numbers = [int(name) for name in options["delivery"] if name.isascii() and name.isdecimal() and len(name) < 19]
        return WebhookEvent.objects.filter(Q(delivery_id__in=options["delivery"]) | Q(pk__in=numbers))
