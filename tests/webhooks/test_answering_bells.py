"""Which bell is rung again: the newest delivery's, so that each is worked off and few bells are on the way."""

from datetime import timedelta

from django.utils import timezone

from tests.webhooks.conftest import LABELED, Send
from webhooks.models import WebhookConfig, WebhookEvent
from webhooks.processing import SWEPT_WITHIN, answer_bell


def taken(send: Send, guid: str) -> int:
    assert send("issues", LABELED, guid=guid).status_code == 202
    return WebhookEvent.objects.get(delivery_id=guid).pk


def test_a_delivery_that_is_not_due_has_its_bell_rung_again_when_it_is(config: WebhookConfig, send: Send) -> None:
    seconds = answer_bell(taken(send, "a"))
    assert seconds is not None
    assert 0 < seconds <= 1


def test_a_newer_delivery_has_a_bell_of_its_own(config: WebhookConfig, send: Send) -> None:
    older, newer = taken(send, "a"), taken(send, "b")
    assert answer_bell(older) is None
    assert answer_bell(newer) is not None


def test_a_newer_delivery_that_ends_sooner_does_not_do_it_for_an_older(config: WebhookConfig, send: Send) -> None:
    older, newer = taken(send, "a"), taken(send, "b")
    put_off = WebhookEvent.objects.filter(pk=older)
    put_off.update(next_try_at=timezone.now() + timedelta(seconds=20), scope="org:1", received_at=timezone.now())
    assert answer_bell(newer) is not None
    assert answer_bell(older) is not None


def test_what_is_due_much_later_or_done_is_not_rung_for(config: WebhookConfig, send: Send) -> None:
    number = taken(send, "a")
    later = timezone.now() + timedelta(seconds=10 * SWEPT_WITHIN)
    WebhookEvent.objects.update(state="failed", next_try_at=later)
    assert answer_bell(number) is None
    WebhookEvent.objects.update(state="processed", next_try_at=None)
    assert answer_bell(number) is None
