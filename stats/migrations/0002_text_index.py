"""The full-text table: FTS5 on SQLite, a tsvector with GIN on PostgreSQL. stats/text_index.py writes and asks it."""

from django.db import migrations

CREATE = {
    "sqlite": [
        "CREATE VIRTUAL TABLE stats_text USING fts5"
        "(name, repository, description, body, tokenize = 'ascii', prefix = '2 3')",
    ],
    "postgresql": [
        "CREATE TABLE stats_text (doc_id bigint PRIMARY KEY, vector tsvector NOT NULL)",
        "CREATE INDEX stats_text_vector ON stats_text USING gin (vector)",
    ],
}


def create(apps, schema_editor):
    for statement in CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE stats_text")


class Migration(migrations.Migration):
    dependencies = [("stats", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
