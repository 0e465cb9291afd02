"""Runs that are there get the stages they have gone through, each with its newest job."""

from django.db import migrations

KINDS = ("train", "score", "evaluate")
FIELDS = ("id", "subject_id", "kind", "status", "finished_at")


def give_stages(apps, schema_editor):
    run_model, job_model = apps.get_model("runs", "Run"), apps.get_model("jobs", "Job")
    stage_model, shard_model = apps.get_model("runs", "Stage"), apps.get_model("runs", "Shard")
    runs = set(run_model.objects.values_list("pk", flat=True))
    jobs = job_model.objects.filter(subject_id__startswith="run_", kind__in=KINDS).order_by("id")
    newest = {(job.subject_id, job.kind): job for job in jobs.only(*FIELDS).iterator()}
    kept = {key: job for key, job in newest.items() if key[0] in runs}
    stages = stage_model.objects.bulk_create(
        stage_model(run_id=run_id, kind=kind) for run_id, kind in kept
    )
    shard_model.objects.bulk_create(
        shard_model(
            stage=stage,
            number=1,
            job_id=job.pk,
            landed_at=job.finished_at if job.status == "succeeded" else None,
        )
        for stage, job in zip(stages, kept.values(), strict=True)
    )


class Migration(migrations.Migration):
    dependencies = [("runs", "0006_stages")]

    operations = [migrations.RunPython(give_stages, migrations.RunPython.noop)]
