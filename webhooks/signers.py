"""Whose delivery it is: the configuration whose secret signed it.

Few are tried, so that no one makes us hash 25 MB a hundred times. Who signed last under the same headers is believed
for BELIEVED seconds and tried first, without asking the database; whom that does not fit, the database is asked about.
So a configuration counts as soon as it is made, and one that was switched off takes deliveries for a second at most.
"""

import time
from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime

from django.db.models import F, Q

from github_cache.memory import Memory
from webhooks import signature
from webhooks.announcement import Announcement
from webhooks.models import WebhookConfig
from webhooks.signature import Candidate

EXACT_AT_MOST, LOOSE_AT_MOST = 8, 4
"""Configurations that one delivery is tried against: those its headers name, then those whose hook is not known."""

BELIEVED = 1.0
_last: Memory[Hashable, WebhookConfig] = Memory(1000)
forget = _last.forget_all


def candidates(
    announced: Announcement, config_id: int | None, now: datetime
) -> Iterator[list[Candidate[WebhookConfig]]]:
    """Whose secrets are tried, the likeliest group first.

    The configuration of the path alone, or those of the hook or its repository or organisation, as the headers name
    them; then those that do not know their hook's ID for certain.
    """
    if (last := _last.get(_sender(announced, config_id), time.monotonic())) is not None:
        yield [last.value.candidate(now)]
    active = WebhookConfig.objects.filter(active=True)
    if config_id is not None:
        yield [config.candidate(now) for config in active.filter(pk=config_id)]
        return
    exact = Q(pk__in=())
    if announced.hook_id is not None:
        exact |= Q(webhook_id=announced.hook_id)
    if announced.target_id is not None and announced.target_type == "repository":
        exact |= Q(repository_id=announced.target_id, target=WebhookConfig.For.REPOSITORY)
    if announced.target_id is not None and announced.target_type == "organization":
        exact |= Q(organization_id=announced.target_id, target=WebhookConfig.For.ORGANIZATION)
    tried = list(active.filter(exact).order_by("-last_delivery_at", "id")[:EXACT_AT_MOST])
    yield [config.candidate(now) for config in tried]
    loose = active.filter(registered=False).exclude(pk__in=[config.pk for config in tried])
    order = (F("webhook_id").asc(nulls_first=True), F("last_delivery_at").desc(nulls_last=True), "id")
    yield [config.candidate(now) for config in loose.order_by(*order)[:LOOSE_AT_MOST]]


def owner(
    groups: Iterable[list[Candidate[WebhookConfig]]], announced: Announcement, config_id: int | None, body: bytes
) -> WebhookConfig | None:
    """The configuration of these groups whose secret signed the body."""
    found = (signature.fitting(group, body, announced.signature) for group in groups)
    config = next((each for each in found if each is not None), None)
    sender, now = _sender(announced, config_id), time.monotonic()
    last = _last.get(sender, now)
    if config is not None and (last is None or last.value is not config):
        _last.put(sender, config, now + BELIEVED)
    return config


def _sender(announced: Announcement, config_id: int | None) -> Hashable:
    return config_id, announced.hook_id, announced.target_type, announced.target_id
