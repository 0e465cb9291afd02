"""What keeps something from being deleted, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from ml.findings import shortened
from webapp.common.errors import ConflictError
from webapp.datasets.models import ClipPreview, Dataset, FeatureSet
from webapp.jobs.models import Job
from webapp.results.models import Evaluation
from webapp.results.protocols.current_evaluations import IS_CURRENT
from webapp.runs.models import Run, Sweep, Weights
from webapp.sharing.models import ShareLink


@dataclass(frozen=True, kw_only=True)
class Hold:
    """One reason. `things` have to go, to end or to be revoked first, by id; `code` says which.

    `lead` is the sentence without their names.
    """

    code: str
    lead: str
    things: Mapping[str, str]

    @property
    def ids(self) -> list[str]:
        return list(self.things)

    @property
    def sentence(self) -> str:
        return f"{self.lead}: {shortened(list(self.things.values()))}."


class HeldError(ConflictError):
    """It is in use: nothing was deleted."""

    def __init__(self, subject: Model, holds: Sequence[Hold]) -> None:
        sentence = _("%(subject)s is held. %(reasons)s")
        reasons = " ".join(hold.sentence for hold in holds)
        super().__init__(sentence % {"subject": subject, "reasons": reasons}, code="held")
        self.holds = holds


def check(subject: Model, holds: Iterable[Hold]) -> None:
    """Raise HeldError where there are any."""
    if found := list(holds):
        raise HeldError(subject, found)


def of_run(run: Run) -> list[Hold]:
    return [
        *_jobs([run.pk], run.current_job_id),
        *_sweep(run),
        *_trained(run),
        *_started([run.pk]),
        *_readers([run.pk]),
    ]


def of_scores(run: Run) -> list[Hold]:
    """A run that stays keeps its place in a sweep, and its weights."""
    return [*_jobs([run.pk], run.current_job_id), *_readers([run.pk])]


def of_sweep(sweep: Sweep) -> list[Hold]:
    runs = list(sweep.runs.values_list("pk", flat=True))
    return [*_jobs(runs), *_started(runs), *_readers(runs)]


def of_feature_set(feature_set: FeatureSet) -> list[Hold]:
    return [
        *_jobs([feature_set.pk]),
        *_runs(Run.objects.filter(feature_set=feature_set, sweep=None)),
        *_sweeps(Sweep.objects.filter(feature_set=feature_set)),
    ]


def of_weights(weights: Weights) -> list[Hold]:
    begun = Run.objects.filter(starts_from__published=weights)
    return [
        *_jobs([weights.pk]),
        *_runs(Run.objects.filter(weights=weights)),
        *_begun(begun),
    ]


def of_dataset(dataset: Dataset) -> list[Hold]:
    return [
        *_jobs(subjects_of(dataset)),
        *_runs(Run.objects.filter(dataset=dataset, sweep=None)),
        *_sweeps(Sweep.objects.filter(dataset=dataset)),
        *_links(_open().filter(kind=ShareLink.Kind.LEADERBOARD, target__dataset=dataset.pk)),
    ]


def subjects_of(dataset: Dataset) -> list[str]:
    """Ids of all that jobs of a dataset work for."""
    drafts = dataset.annotation_imports.values_list("pk", flat=True)
    features = dataset.feature_sets.values_list("pk", flat=True)
    searches = dataset.detections.values_list("pk", flat=True)
    previews = ClipPreview.objects.filter(video__dataset=dataset).values_list("pk", flat=True)
    return [dataset.pk, *drafts, *features, *searches, *previews]


def _jobs(subjects: Iterable[str], *current: str | None) -> Iterator[Hold]:
    """The training that a run waits for is another run's."""
    jobs = Job.objects.filter(Q(subject_id__in=list(subjects)) | Q(pk__in=list(current)))
    going_on = jobs.exclude(status__in=Job.TERMINAL).order_by("pk")
    if things := {job.pk: f"{job.title} ({job.kind_title})" for job in going_on}:
        lead = _("Work for it has not ended; cancel it, or wait for its end")
        yield Hold(code="job", lead=lead, things=things)


def _sweep(run: Run) -> Iterator[Hold]:
    if run.sweep is not None:
        lead = _("It is part of a sweep, whose table needs it; delete the whole sweep")
        yield _hold("sweep", lead, [run.sweep])


def _trained(run: Run) -> Iterator[Hold]:
    """Inside a sweep, which holds both: said for whoever asks about the sweep's trainer."""
    if scoring := list(run.rescored.order_by("pk")):
        yield _hold("trains", _("Its weights are scored by other runs, too"), scoring)


def _started(runs: Sequence[str]) -> Iterator[Hold]:
    """Those outside whose training began with weights of `runs`."""
    begun = Run.objects.filter(starts_from__run__in=list(runs))
    yield from _begun(begun.exclude(pk__in=list(runs)))


def _begun(begun: QuerySet[Run]) -> Iterator[Hold]:
    if found := list(begun.order_by("pk").only("name")):
        yield _hold("starts", _("Other runs began with its weights; delete these first"), found)


def _readers(runs: Sequence[str]) -> Iterator[Hold]:
    """Those outside that read the scores of `runs`."""
    if virtual := list(virtual_runs_of(runs)):
        lead = _("Virtual runs are computed from its scores; delete these first")
        yield _hold("virtual_run", lead, virtual)
    shown = Q()
    for run in runs:
        shown |= Q(target__runs__contains=[run])
    yield from _links(_open().filter(shown) if runs else ShareLink.objects.none())
    yield from _links(_shared_leaderboards(runs))


def virtual_runs_of(runs: Sequence[str]) -> QuerySet[Run]:
    """Virtual runs with one of these in their recipe that are none of them."""
    reading = Q()
    for run in runs:
        reading |= Q(recipe__contains={"members": [{"run": run}]})
    found = Run.objects.filter(reading, kind=Run.Kind.VIRTUAL) if runs else Run.objects.none()
    return found.exclude(pk__in=list(runs)).order_by("pk")


def _shared_leaderboards(runs: Sequence[str]) -> list[ShareLink]:
    """Open links to a leaderboard in which one of `runs` stands."""
    ranked = Evaluation.objects.filter(IS_CURRENT, score_set__run__in=list(runs))
    places = set(ranked.values_list("score_set__run__dataset", "protocol").distinct())
    datasets = {dataset for dataset, _protocol in places}
    links = _open().filter(kind=ShareLink.Kind.LEADERBOARD, target__dataset__in=list(datasets))
    return [each for each in links if (each.target["dataset"], each.target["protocol"]) in places]


def _open() -> QuerySet[ShareLink]:
    return ShareLink.objects.usable().order_by("pk")


def _links(links: Iterable[ShareLink]) -> Iterator[Hold]:
    """All of one kind: those to leaderboards, or others."""
    found = list(links)
    if not found:
        return
    if found[0].kind == ShareLink.Kind.LEADERBOARD:
        lead = _("A leaderboard that ranks it is shared with outsiders; revoke the link first")
    else:
        lead = _("An open share link shows it; revoke the link first")
    yield Hold(code="share_link", lead=lead, things={link.pk: link.title for link in found})


def _runs(runs: QuerySet[Run]) -> Iterator[Hold]:
    if found := list(runs.order_by("pk").only("name")):
        yield _hold("run", _("Runs use it; delete these first"), found)


def _sweeps(sweeps: QuerySet[Sweep]) -> Iterator[Hold]:
    if found := list(sweeps.order_by("pk").only("title")):
        yield _hold("sweep", _("Sweeps use it; delete these first"), found)


def _hold(code: str, lead: str, rows: Sequence[Model]) -> Hold:
    return Hold(code=code, lead=lead, things={str(row.pk): str(row) for row in rows})
