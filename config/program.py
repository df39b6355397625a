"""How a management command becomes the program that it stands for, with one folder for everybody's counters."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from github_cache import metric_files


def counting(environ: Mapping[str, str], data: Path) -> dict[str, str]:
    """The environment in which processes count together: in PROMETHEUS_MULTIPROC_DIR, or in the data folder."""
    return {metric_files.VARIABLE: str(data.resolve() / "metrics"), **environ}


def become(command: list[str], data: Path) -> NoReturn:
    """Puts the program in this process's place. Its counters are set up before it starts, as they have to be."""
    environ = counting(os.environ, data)
    Path(environ[metric_files.VARIABLE]).mkdir(parents=True, exist_ok=True)
    os.execve(command[0], command, environ)  # noqa: S606
