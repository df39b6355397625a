"""Whose delivery it is: the configuration whose secret signed it.

Few are tried, so that no one makes us hash 25 MB a hundred times; the tenants take turns, so that none crowds out
another by what it claims to be the hook of. Who signed last under the same headers is believed for BELIEVED seconds and
tried first, without asking the database; whom that does not fit, the database is asked about. So a configuration counts
as soon as it is made, and one that was switched off takes deliveries for a second at most.
"""

import time
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import datetime

from django.db.models import F, OrderBy, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from github_cache.memory import Memory
from webhooks import signature
from webhooks.announcement import Announcement
from webhooks.models import WebhookConfig
from webhooks.signature import Candidate

EXACT_AT_MOST, LOOSE_AT_MOST = 8, 4
"""Configurations of one tenant that a delivery is tried against: those its headers name, then those whose hook is not
known."""

ALL_AT_MOST = 16
"""The same of all tenants, in either group: so many tenants are sure of a turn, others have their own paths."""

_SEEN_LATELY = (F("last_delivery_at").desc(nulls_last=True), F("id").asc())
_EXACT = (F("registered").desc(), *_SEEN_LATELY)
_LOOSE = (F("webhook_id").asc(nulls_first=True), *_SEEN_LATELY)

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
    tried = _in_turns(active.filter(exact), _EXACT, EXACT_AT_MOST)
    yield [config.candidate(now) for config in tried]
    loose = active.filter(registered=False).exclude(pk__in=[config.pk for config in tried])
    yield [config.candidate(now) for config in _in_turns(loose, _LOOSE, LOOSE_AT_MOST)]


def _in_turns(
    configs: QuerySet[WebhookConfig], order: Sequence[OrderBy], of_one_tenant: int
) -> Sequence[WebhookConfig]:
    """The first of each tenant in this order, then the second of each, and so on."""
    turn = Window(RowNumber(), partition_by="tenant_id", order_by=order)
    return configs.alias(turn=turn).filter(turn__lte=of_one_tenant).order_by("turn", *order)[:ALL_AT_MOST]


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
