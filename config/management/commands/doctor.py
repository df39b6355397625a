"""`manage.py doctor`: what `/health` says, and whether configuration, versions, clocks and hooks are in order."""

import time
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config import doctor
from github_cache import health
from github_cache.health import State
from stats.health import examine

COLOURS = {State.OK: "green", State.DEGRADED: "yellow", State.DOWN: "red"}


class Command(BaseCommand):
    help = "Examine everything and say what to do. The exit code is 1 if anything is not in order."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        table = Table("part", "state", "what is to be seen", "what to do", box=None, pad_edge=False)
        worst = False
        for name, part in [*doctor.findings(), *examine(health.registered(), time.time()).items()]:
            table.add_row(name, Text(part.state, COLOURS[part.state]), Text(part.detail), Text(part.remedy))
            worst |= part.state is not State.OK
        console = Console(file=self.stdout._out, soft_wrap=False)
        console.print(table)
        if worst:
            raise SystemExit(1)
