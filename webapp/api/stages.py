"""Work that several jobs share, over REST."""

from __future__ import annotations

from django.urls import reverse
from rest_framework import serializers

from webapp.jobs import kinds
from webapp.jobs.models import Job, Shard, Stage


class ShardSerializer(serializers.ModelSerializer[Shard]):
    n_videos = serializers.SerializerMethodField()
    status = serializers.ChoiceField(choices=Job.Status.choices, source="job.status")
    worker = serializers.CharField(source="job.worker_id", allow_null=True)
    job_url = serializers.SerializerMethodField()

    class Meta:
        model = Shard
        fields = ["number", "n_videos", "status", "worker", "landed_at", "job_url"]

    def get_n_videos(self, shard: Shard) -> int | None:
        """Null where the job takes all."""
        return len(shard.videos) or None

    def get_job_url(self, shard: Shard) -> str:
        """Its last try."""
        return reverse("api:job", args=[shard.job_id])


class StageSerializer(serializers.ModelSerializer[Stage]):
    kind = serializers.ChoiceField(choices=kinds.CHOICES)
    status = serializers.ChoiceField(choices=Job.Status.choices)
    n_landed = serializers.IntegerField(help_text="Shards whose work is stored.")
    shards = ShardSerializer(many=True)

    class Meta:
        model = Stage
        fields = ["kind", "status", "n_landed", "shards"]
