"""What an address or a request names, among what its sender may see: runs, scores, ground truth."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from webapp.datasets.models import AnnotationSet
from webapp.results.models import ScoreSet
from webapp.results.studies.comparison import truths_of
from webapp.runs.models import Run


def runs_in_order(visible: QuerySet[Run], wanted: Iterable[str]) -> list[Run]:
    """Raise Http404 where one of the wanted is not visible."""
    joined = ("team", "dataset", "method", "current_job", "created_by", "split", "annotation_set")
    wanted = list(wanted)
    found = visible.select_related(*joined).filter(pk__in=wanted).in_bulk()
    return [found.get(pk) or get_object_or_404(Run.objects.none()) for pk in wanted]


def chosen_truth(wanted: str, runs: list[Run]) -> AnnotationSet | None:
    """None leaves each run the ground truth that it was submitted with."""
    if not wanted:
        return None
    found = [truth for truth in truths_of(runs) if truth.pk == wanted]
    if not found:
        raise Http404(f"no evaluation against {wanted}")
    return found[0]


def scored_run(request: HttpRequest, run_id: str) -> ScoreSet:
    """Of a run that the requester may see. Raise Http404 where it has no scores."""
    found = ScoreSet.objects.visible_to(request.user).filter(run=run_id)
    joined = found.select_related("run__annotation_set", "run__team", "run__dataset")
    score_set: ScoreSet = get_object_or_404(joined)
    return score_set
