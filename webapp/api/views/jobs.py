"""Watching and cancelling jobs."""

import codecs

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.authentication import caller
from webapp.api.requests import LogQuery, read_query
from webapp.api.serializers import JobSerializer, LogSerializer
from webapp.api.views.answers import accepted
from webapp.jobs import services
from webapp.jobs.models import Job


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
