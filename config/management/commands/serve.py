"""`manage.py serve`: the web server alone, as containers and service managers start it."""

import os
from typing import Any

from django.core.management.base import BaseCommand

from config.reading import env
from config.web import command


class Command(BaseCommand):
    help = "Run the web server in the foreground (Granian; this process becomes it)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        program = command(env())
        os.execv(program[0], program)  # noqa: S606
