"""Schedules come into the database once; what the admin changes there holds over a restart of the scheduler."""

import pytest
from celery import current_app
from django.conf import settings
from django.test import Client
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config.schedules import KeptSchedules

pytestmark = pytest.mark.django_db
WARM = "cache: warm"


def start() -> KeptSchedules:
    """What a scheduler does before its first tick."""
    return KeptSchedules(app=current_app)


def test_the_scheduler_in_force_is_this_one() -> None:
    module, _, name = settings.CELERY_BEAT_SCHEDULER.partition(":")
    assert (module, name) == (KeptSchedules.__module__, KeptSchedules.__name__)


def test_every_schedule_is_there_after_a_start() -> None:
    start()
    assert set(settings.CELERY_BEAT_SCHEDULE) <= set(PeriodicTask.objects.values_list("name", flat=True))
    assert PeriodicTask.objects.get(name=WARM).interval.every == 300


def test_a_change_in_the_admin_holds_over_a_restart(admin_client: Client) -> None:
    start()
    task = PeriodicTask.objects.get(name=WARM)
    hourly = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    page = f"/admin/django_celery_beat/periodictask/{task.pk}/change/"
    form = admin_client.get(page).context["adminform"].form
    fields = {name: value for name, value in form.initial.items() if value not in (None, False)}
    answer = admin_client.post(page, {**fields, "regtask": task.task, "interval": hourly.pk, "enabled": ""})
    assert answer.status_code == 302, answer.context["errors"]
    again = start()
    task.refresh_from_db()
    assert (task.interval, task.enabled) == (hourly, False)
    assert WARM not in again.schedule
