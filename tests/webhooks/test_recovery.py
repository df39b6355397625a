"""Which deliveries are asked for again, and up to when nothing is missing (pure)."""

from datetime import UTC, datetime, timedelta

from webhooks.recovery import SENT_AT_MOST, Plan, Sent, plan

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def sent(number: int, guid: str, minutes_ago: float) -> Sent:
    return Sent(number, guid, NOW - timedelta(minutes=minutes_ago))


def test_nothing_is_missing() -> None:
    assert plan([sent(1, "a", 5)], frozenset({"a"}), NOW) == Plan((), NOW, ())
    assert plan([], frozenset(), NOW) == Plan((), NOW, ())


def test_what_is_not_held_is_asked_for_oldest_first_by_its_latest_attempt() -> None:
    listed = [sent(4, "b", 1), sent(3, "held", 2), sent(2, "a", 3), sent(1, "b", 9)]
    found = plan(listed, frozenset({"held"}), NOW)
    assert [each.id for each in found.again] == [2, 4]
    assert found.complete_until == NOW - timedelta(minutes=9)


def test_what_was_just_sent_may_still_arrive() -> None:
    found = plan([sent(1, "a", 0.1)], frozenset(), NOW)
    assert found.again == ()
    assert found.complete_until == NOW - timedelta(minutes=0.1)


def test_what_was_sent_often_enough_is_given_up() -> None:
    listed = [sent(number, "a", 60 - number) for number in range(SENT_AT_MOST)]
    assert plan(listed, frozenset(), NOW) == Plan((), NOW, ("a",))
