"""Runs: the scientific record."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import DurationField, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Extract, Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from webapp.accounts.models import Team
from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.common.models import TimestampedModel
from webapp.datasets.models import AnnotationSet, Dataset, FeatureSet, RegionSet, Split
from webapp.jobs.models import Job, Stage
from webapp.runs.models.methods import SUPERVISION, Method
from webapp.runs.models.sweeps import Sweep

LARGEST_SEED = 2**32 - 1  # what NumPy takes


class RunQuerySet(TeamOwnedQuerySet):
    def scored(self) -> RunQuerySet:
        """Those whose scores are all there."""
        return self.filter(scored_at__isnull=False)

    def in_states(self, states: Iterable[str]) -> RunQuerySet:
        """Those whose `status` is one of these."""
        wanted = set(states)
        chosen = Q(current_job__status__in=wanted)
        if Job.Status.SUCCEEDED in wanted:
            chosen |= Q(current_job=None, scored_at__isnull=False)
        if Run.WAITING_FOR_SCORES in wanted:
            chosen |= Q(current_job=None, scored_at=None)
        return self.filter(chosen)

    def for_list(self) -> RunQuerySet:
        return self.select_related("dataset", "method", "starts_from", "current_job", "created_by")

    def with_work_seconds(self) -> RunQuerySet:
        """Adds `work_seconds`: how long workers were busy with it, all tries together."""
        spent = Coalesce(F("finished_at"), Now()) - F("started_at")
        jobs = Job.objects.filter(subject_id=OuterRef("pk"), started_at__isnull=False)
        total = jobs.order_by().values("subject_id").annotate(total=Sum(spent)).values("total")
        seconds = Extract(Subquery(total, output_field=DurationField()), "epoch")
        return self.annotate(work_seconds=seconds)


class Run(TimestampedModel):
    """A method with its config and seed on a split of a dataset, and what came of it.

    Its state is that of `current_job`: training first, then scoring, then evaluating. Where
    several jobs do that work at once it is that of the `leading_job` of their stage. A run that
    scores the weights of another one, `trained_by`, has the training job of that run until the
    training has ended, and scoring jobs of its own from then on; where the method reads features,
    the scoring job of that run, which scores them all in one pass. One with `weights` that were
    brought in begins with its scoring.

    An uploaded run brings its scores, and has no job until the last of them is there; a virtual
    one is computed from other runs by its recipe. Both are only evaluated.
    """

    class Kind(models.TextChoices):
        TRAINED = "trained", _("trained here")
        UPLOADED = "uploaded", _("scores brought in")
        VIRTUAL = "virtual", _("computed from other runs")
        WEIGHTS = "weights", _("scored with weights brought in")

    class Selection(models.TextChoices):
        """How the checkpoint that was scored was chosen."""

        LAST = "last", _("last checkpoint")
        VALIDATION = "validation", _("best on validation")
        TEST = "test", _("selected on test")
        UNKNOWN = "unknown", _("selection not stated")

    SCORED_HERE = (Kind.TRAINED, Kind.WEIGHTS)  # by jobs of their own
    # Of a run that is trained here: none of these chooses by looking at the test split.
    HONEST_SELECTIONS = (Selection.LAST, Selection.VALIDATION)
    # The third is there to repeat numbers that were published so: never by itself, always marked.
    SELECTIONS_HERE = (*HONEST_SELECTIONS, Selection.TEST)
    BY_BEST = (Selection.VALIDATION, Selection.TEST)  # where a training says which one is best
    WAITING_FOR_SCORES = "waiting_for_scores"  # state of a run without a job
    STATES = (*Job.Status.choices, (WAITING_FOR_SCORES, _("Waiting for scores")))

    id = PrefixedIdField(prefix="run")
    team = models.ForeignKey(Team, models.CASCADE, related_name="runs")
    name = models.CharField(max_length=160)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="runs")
    split = models.ForeignKey(Split, models.PROTECT, related_name="runs")
    annotation_set = models.ForeignKey(AnnotationSet, models.PROTECT, related_name="runs")
    # What a method that reads features is given of each video; null for all others.
    feature_set = models.ForeignKey(FeatureSet, models.PROTECT, null=True, related_name="runs")
    # What a method that reads clips looks at alone, in the videos that have some; null: at all.
    region_set = models.ForeignKey(RegionSet, models.PROTECT, null=True, related_name="runs")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.TRAINED)
    method = models.ForeignKey(Method, models.PROTECT, null=True, related_name="runs")
    # What the people who brought scores say of a method that is not in the catalogue.
    method_title = models.CharField(max_length=120, blank=True)
    supervision = models.CharField(max_length=10, blank=True)
    features = models.CharField(max_length=120, blank=True)
    reference = models.CharField(max_length=300, blank=True)  # paper or code
    # Of a run that is scored here complete: every field of the method, defaults filled in.
    config = models.JSONField(default=dict)
    # Of a virtual run: see `ml.scores.fusion.Recipe`.
    recipe = models.JSONField(default=dict)
    seed = models.BigIntegerField(default=0)
    sweep = models.ForeignKey(Sweep, models.PROTECT, null=True, related_name="runs")
    sweep_row = models.PositiveSmallIntegerField(null=True)  # its configuration there, from 0 on
    # Weights of another run that its training began with; null for random ones.
    starts_from = models.ForeignKey(
        "Checkpoint", models.PROTECT, null=True, related_name="started_runs"
    )
    # What was trained elsewhere and is scored here; of a run of that kind, and of no other.
    weights = models.ForeignKey("Weights", models.PROTECT, null=True, related_name="runs")
    # The run of the same sweep, seed and split whose weights it scores in another way.
    trained_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="rescored")
    selection = models.CharField(max_length=10, choices=Selection.choices, default=Selection.LAST)
    dataset_hash = models.CharField(max_length=64)  # content_hash of the dataset at submission
    current_job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    scored_at = models.DateTimeField(null=True)  # when the last of its scores was stored
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["team", "-id"], name="run_of_team")]
        constraints = [
            models.CheckConstraint(
                name="run_trained_by_jobs",
                condition=~Q(kind__in=["trained", "weights"])
                | Q(method__isnull=False, current_job__isnull=False),
            ),
            models.CheckConstraint(
                name="run_has_weights_by_kind",
                condition=Q(kind="weights", weights__isnull=False)
                | (~Q(kind="weights") & Q(weights=None)),
            ),
            models.CheckConstraint(
                name="run_of_sweep_has_a_row",
                condition=Q(sweep=None, sweep_row=None, trained_by=None)
                | Q(sweep__isnull=False, sweep_row__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["sweep", "sweep_row", "seed", "split"], name="run_of_sweep_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("runs:detail", args=[self.pk])

    @property
    def method_name(self) -> str:
        """For people: the catalogue's title, or what the run's makers call it."""
        return self.method.title if self.method else self.method_title or str(_("Virtual run"))

    @property
    def supervision_label(self) -> str:
        """What its method was told in training; empty where nobody said."""
        known = self.method.supervision if self.method else self.supervision
        return str(SUPERVISION.get(known, known))

    @property
    def stages(self) -> models.QuerySet[Stage]:
        """The kinds of work that it has gone through, each with its jobs."""
        return Stage.objects.filter(subject_id=self.pk)

    @property
    def trainer(self) -> Run:
        """The run that learnt, or learns, the weights that this one scores: most often itself."""
        return self.trained_by or self

    @property
    def waits_for_another(self) -> bool:
        """For the training, or the scoring, of another run, whose job it has meanwhile."""
        job = self.current_job
        return job is not None and job.subject_id != self.pk

    @property
    def is_scored_here(self) -> bool:
        return self.kind in self.SCORED_HERE

    @property
    def is_selected_on_test(self) -> bool:
        """Its checkpoint was chosen by looking at what it is judged by."""
        return self.selection == self.Selection.TEST

    @property
    def status(self) -> str:
        """That of its job; without one, whether its scores are there."""
        if self.current_job is not None:
            return self.current_job.status
        return Job.Status.SUCCEEDED if self.scored_at else self.WAITING_FOR_SCORES

    @property
    def status_label(self) -> str:
        """What is done while its job runs, else the word for its state."""
        job = self.current_job
        if job is None:
            return str(_("Scored") if self.scored_at else _("Waiting for scores"))
        if job.status == Job.Status.SUCCEEDED and self.kind != self.Kind.TRAINED:
            return str(_("Scored"))
        if job.status != Job.Status.RUNNING:
            return job.get_status_display()
        return str(job.facts_of_kind.working)

    @property
    def job(self) -> Job:
        """That of a run that is scored here, which always has one."""
        assert self.current_job is not None, f"{self.pk} is {self.kind} and has no job"
        return self.current_job

    @property
    def is_finished(self) -> bool:
        """Nothing more comes unless somebody asks for it."""
        return self.current_job.is_terminal if self.current_job else self.scored_at is not None

    @property
    def ended_with_training(self) -> bool:
        """There was nothing to score: its split has no test videos."""
        job = self.current_job
        if job is None or self.scored_at is not None:
            return False
        return job.kind == "train" and job.status == Job.Status.SUCCEEDED

    @property
    def is_going_on(self) -> bool:
        """A job of it waits or works."""
        return self.current_job is not None and not self.current_job.is_terminal

    @property
    def can_resume(self) -> bool:
        job = self.current_job
        return job is not None and job.is_terminal and job.status != Job.Status.SUCCEEDED
