"""Stages come from the app of runs, whose tables these are."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0003_kinds_and_events"),
        ("runs", "0009_stages_of_any_subject"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Stage",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("subject_id", models.CharField(max_length=36)),
                        ("kind", models.CharField(max_length=8)),
                        ("threads", models.PositiveSmallIntegerField(null=True)),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("subject_id", "kind"), name="stage_unique"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Shard",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        ("videos", models.JSONField(default=list)),
                        ("landed_at", models.DateTimeField(null=True)),
                        (
                            "job",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="shard",
                                to="jobs.job",
                            ),
                        ),
                        (
                            "stage",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="shards",
                                to="jobs.stage",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["number"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("landed_at", None)),
                                fields=["stage"],
                                name="shard_open",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("stage", "number"), name="shard_unique")
                        ],
                    },
                ),
            ],
            database_operations=[],
        ),
    ]
