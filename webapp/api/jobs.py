"""Jobs and their logs over REST, and the answer that a job has begun."""

import codecs
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.authentication import caller
from webapp.api.fields import ObjectField
from webapp.api.requests import Known, read_query
from webapp.jobs import kinds, services
from webapp.jobs.models import Job
from webapp.jobs.services import queue_position, waiting_reason

MAX_LOG_BYTES = 262_144
MAX_OFFSET = 2**53  # what every JSON reader holds exactly


class LogQuery(Known):
    after = serializers.IntegerField(min_value=0, max_value=MAX_OFFSET, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_LOG_BYTES, default=65_536)


class JobSerializer(serializers.ModelSerializer[Job]):
    kind = serializers.ChoiceField(choices=kinds.CHOICES)
    status_reason = serializers.SerializerMethodField()
    queue_position = serializers.SerializerMethodField()
    progress = ObjectField()
    provenance = ObjectField()
    result_url = serializers.SerializerMethodField()
    log_url = serializers.SerializerMethodField()
    cancel_url = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = [
            "id", "kind", "title", "queue", "status", "status_reason", "failure",
            "queue_position", "progress", "provenance", "tries", "retry_of_id", "created_at",
            "started_at", "finished_at", "result_url", "log_url", "cancel_url",
        ]  # fmt: skip

    def get_status_reason(self, job: Job) -> str:
        """Why it waits or how it ended, in one sentence."""
        return job.reason or waiting_reason(job)

    def get_queue_position(self, job: Job) -> int | None:
        """1 is next; null when it does not wait."""
        return queue_position(job)

    def get_result_url(self, job: Job) -> str:
        """What it works for: a dataset, features, weights, a run or a file of ground truth."""
        return reverse(job.facts_of_kind.route, args=[job.subject_id])

    def get_log_url(self, job: Job) -> str:
        return reverse("api:job_log", args=[job.pk])

    def get_cancel_url(self, job: Job) -> str | None:
        """Null once it has ended."""
        return None if job.is_terminal else reverse("api:job_cancel", args=[job.pk])


class LogSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    next = serializers.IntegerField(help_text="Ask with `after` set to this for what follows.")
    is_complete = serializers.BooleanField(help_text="The job has ended and this reaches its end.")


POLL_SECONDS = "2"


def accepted(job: Job) -> Response:
    """Work was begun or is being ended: 202 and where to watch it."""
    headers = {"Location": reverse("api:job", args=[job.pk]), "Retry-After": POLL_SECONDS}
    return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED, headers=headers)


def _visible_job(request: Request, job_id: str) -> Job:
    return get_object_or_404(Job.objects.visible_to(request.user), pk=job_id)


class JobDetail(APIView):
    @extend_schema(responses=JobSerializer)
    def get(self, request: Request, job_id: str) -> Response:
        """State, reason, place in the queue, progress."""
        return Response(JobSerializer(_visible_job(request, job_id)).data)


class JobLog(APIView):
    @extend_schema(parameters=[LogQuery], responses=LogSerializer)
    def get(self, request: Request, job_id: str) -> Response:
        """The log from byte `after` on."""
        wanted = read_query(LogQuery, request)
        job = _visible_job(request, job_id)
        data, following = services.read_log(job, after=wanted["after"], limit=wanted["limit"])
        text, n_cut = whole_characters(data)
        # The size was read before the text: a job that ended since has its end still to come.
        at_end = following >= job.log_size
        if n_cut and not (job.is_terminal and at_end):
            following -= n_cut
        answer = {"text": text, "next": following, "is_complete": job.is_terminal and at_end}
        return Response(LogSerializer(answer).data)


def whole_characters(data: bytes) -> tuple[str, int]:
    """The text without a character cut off at its end, and how many bytes that left out."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text = decoder.decode(data)
    return text, len(decoder.getstate()[0])


class JobCancel(APIView):
    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, job_id: str) -> Response:
        """Ask for its end. Asked twice, the answer is the same; an ended job gives 409."""
        job = services.request_cancel(job=_visible_job(request, job_id), by=caller(request))
        return accepted(job)
