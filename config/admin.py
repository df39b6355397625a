"""Tasks that wait for a person can be run again or dropped; workers are only looked at."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from kombu.exceptions import OperationalError

from config import parking
from config.models import ParkedTask, Worker
from ratelimit.admin import ReadOnly


@admin.register(ParkedTask)
class ParkedTaskAdmin(ReadOnly):
    list_display = ("name", "arguments", "times", "parked_at", "error")
    list_filter = ("name",)
    actions = ("run_again", "drop")

    @admin.action(description="Run again", permissions=["view"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[ParkedTask]) -> None:
        try:
            for task in queryset:
                parking.run_again(task)
        except OperationalError as error:
            self.message_user(request, f"The broker does not take it: {type(error).__name__}.", messages.ERROR)
            return
        self.message_user(request, "Queued again.", messages.SUCCESS)

    @admin.action(description="Drop", permissions=["view"])
    def drop(self, request: HttpRequest, queryset: QuerySet[ParkedTask]) -> None:
        queryset.delete()


@admin.register(Worker)
class WorkerAdmin(ReadOnly):
    list_display = ("name", "seen_at")
