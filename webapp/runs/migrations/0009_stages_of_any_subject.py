"""Stages are of any subject: they move to the app of jobs, and name it by its id."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0003_kinds_and_events"),
        ("runs", "0008_published_weights"),
    ]

    operations = [
        migrations.AlterField(
            model_name="stage",
            name="run",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="stages",
                to="runs.run",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name="Shard"),
                migrations.DeleteModel(name="Stage"),
            ],
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE runs_stage RENAME COLUMN run_id TO subject_id",
                    "ALTER TABLE runs_stage RENAME COLUMN subject_id TO run_id",
                ),
                migrations.AlterModelTable(name="stage", table="jobs_stage"),
                migrations.AlterModelTable(name="shard", table="jobs_shard"),
            ],
        ),
    ]
