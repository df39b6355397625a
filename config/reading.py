"""Reads the environment and checks it against the table in config/env.py.

A value that cannot be used, or a name that looks like a misspelt one, stops the start with a sentence that says
what to type. `.env` in the working directory is read too; real environment variables win over it. What neither gives is
taken from the `manage.py up` that runs with this data directory, if one does.
"""

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import ValidationError

from config import running
from config.env import SECRET, Env

OWN_PREFIX = "HUBCACHE_"
DOTENV = Path(".env")
DATA_DIR = Env.model_fields["HUBCACHE_DATA_DIR"].default


class ConfigurationError(Exception):
    """The environment cannot be used; the message names the variable, its value's fault and what to type."""


def read(
    environ: Mapping[str, str],
    dotenv: Mapping[str, str | None] | None = None,
    told: Callable[[Path], Mapping[str, str] | None] = lambda folder: None,
) -> Env:
    """The checked settings out of an environment and the pairs of a `.env` file.

    An empty value means what is `told` for the data directory, or else the default.
    Raises ConfigurationError with one sentence per fault.
    """
    pairs = {name: value for name, value in {**(dotenv or {}), **environ}.items() if value is not None}
    faults = [*_misspelt(dotenv or {}, every=True), *_misspelt(environ, every=False)]
    known = {name: value for name, value in pairs.items() if name in Env.model_fields and value != ""}
    known = {**(told(Path(known.get("HUBCACHE_DATA_DIR", DATA_DIR))) or {}), **known}
    try:
        env = Env.model_validate(known)
    except ValidationError as error:
        faults += [_sentence(fault, known) for fault in error.errors(include_url=False)]
    if faults:
        raise ConfigurationError("\n".join(faults))
    return env


def _misspelt(names: Iterable[str], *, every: bool) -> Iterable[str]:
    """Faults for unknown names. In the process environment only those count that are ours or are close to ours."""
    for name in names:
        if name in Env.model_fields:
            continue
        close = difflib.get_close_matches(name, Env.model_fields, n=1, cutoff=0.9)
        if close:
            yield f"{name} is not a setting of Hubcache; did you mean {close[0]}?"
        elif every or name.startswith(OWN_PREFIX):
            yield f"{name} is not a setting of Hubcache; .env.example lists them all."


def _sentence(fault: Mapping[str, Any], known: Mapping[str, str]) -> str:
    message = str(fault["msg"]).removeprefix("Value error, ")
    if not fault["loc"]:
        return f"{message}."
    name = str(fault["loc"][0])
    field = Env.model_fields[name]
    shown = "its value" if field.json_schema_extra == SECRET else repr(known.get(name, ""))
    return f"{name}: {shown} cannot be used: {message}. {field.description}"


@cache
def env() -> Env:
    """The settings of this process, read once."""
    return read(os.environ, dotenv_values(DOTENV) if DOTENV.is_file() else None, running.told)
