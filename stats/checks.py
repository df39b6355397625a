"""What the index needs of the machine, checked at start."""

import sqlite3
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register


@register(Tags.database)
def sqlite_has_fts5(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[Error]:
    """stats.E001: full-text search on SQLite needs its FTS5 module."""
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        return []
    memory = sqlite3.connect(":memory:")
    try:
        memory.execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
    except sqlite3.OperationalError as error:
        return [
            Error(
                f"This Python's SQLite {sqlite3.sqlite_version} has no FTS5 ({error}).",
                hint="Use a Python with FTS5, or set DATABASE_URL to a PostgreSQL database.",
                id="stats.E001",
            )
        ]
    finally:
        memory.close()
    return []
