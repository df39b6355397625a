"""Files that could not be read are counted on the repository; indexes that others cover are dropped."""

import django.db.models.deletion
from django.db import migrations, models

COUNT = (
    "UPDATE stats_repository SET unreadable_files = "
    "(SELECT COUNT(*) FROM stats_indexedfile f WHERE f.repository_id = stats_repository.id AND NOT f.reason = '')"
)


class Migration(migrations.Migration):
    dependencies = [("github_cache", "0003_uses"), ("stats", "0005_repository_by_folded_name")]
    operations = [
        migrations.AddField(
            "repository",
            "unreadable_files",
            models.PositiveIntegerField(default=0, help_text="Files of it that could not be read."),
        ),
        migrations.AlterField(
            "indexedfile",
            "repository",
            models.ForeignKey(
                "stats.repository", django.db.models.deletion.CASCADE, db_index=False, related_name="files"
            ),
        ),
        migrations.AlterField(
            "repository",
            "tenant",
            models.ForeignKey(
                "github_cache.tenant", django.db.models.deletion.CASCADE, db_index=False, related_name="repositories"
            ),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
