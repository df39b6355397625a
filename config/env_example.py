"""Renders `.env.example` and the table of settings in the docs from the one table in config/env.py.

`python -m config.env_example > .env.example` renews the file; a test holds that it is up to date.
"""

import sys
from typing import Any

from config.env import LIVE, SECRET, Env

HEADER = """# Every setting of Hubcache with its default. Copy to .env and take the # off those that you change.
# An empty value means the default. Those marked (live) may be changed in the admin too, while Hubcache runs.
"""


def render() -> str:
    """The text of `.env.example`."""
    lines = [HEADER]
    for name, field in Env.model_fields.items():
        live = " (live)" if field.json_schema_extra == LIVE else ""
        lines.append(f"# {field.description}{live}\n#{name}={_written(field.default)}\n")
    return "\n".join(lines)


def markdown() -> str:
    """The table of settings for the docs."""
    rows = ["| setting | default | what it does |", "|---|---|---|"]
    for name, field in Env.model_fields.items():
        mark = " *Live.*" if field.json_schema_extra == LIVE else ""
        mark = " *Secret.*" if field.json_schema_extra == SECRET else mark
        default = _written(field.default)
        rows.append(f"| `{name}` | {f'`{default}`' if default else ''} | {field.description}{mark} |")
    return "\n".join(rows) + "\n"


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    sys.stdout.write(markdown() if sys.argv[1:] == ["--markdown"] else render())
