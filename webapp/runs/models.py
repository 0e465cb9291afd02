"""Methods as the workers publish them, and runs: the scientific record."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Count, DurationField, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Extract, Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ml.supervision import POLICIES, Policy, Supervision
from webapp.accounts.models import Team
from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.common.models import TimestampedModel
from webapp.datasets.models import AnnotationSet, Dataset, FeatureSet, Split
from webapp.jobs.models import Job

LARGEST_SEED = 2**32 - 1  # what NumPy takes
ENDED_BADLY = (Job.Status.FAILED, Job.Status.TIMED_OUT, Job.Status.LOST)
TELLS_MOST = (
    *ENDED_BADLY,
    Job.Status.CANCELLING,
    Job.Status.RUNNING,
    Job.Status.STARTING,
    *Job.WAITING,
    Job.Status.CANCELLED,
    Job.Status.SUCCEEDED,
)

SUPERVISION = {
    "one-class": _("One-class: learns from normal videos only"),
    "weak": _("Weakly supervised: is told which videos contain something abnormal"),
    "full": _("Supervised: is told which clips or frames are abnormal"),
}


class Reads(models.TextChoices):
    """As `ml.methods.Reads`."""

    FRAMES = "frames", _("Reads frames")
    CLIPS = "clips", _("Reads clips")
    FEATURES = "features", _("Reads features that were extracted before")


class Method(models.Model):
    """A published approach, as the workers that have it describe it.

    `schema` is the JSON Schema of its config; the form and the REST check are drawn from it.
    """

    name = models.SlugField(max_length=60, primary_key=True)  # module name in ml.methods
    title = models.CharField(max_length=120)
    summary = models.TextField()
    paper = models.CharField(max_length=300)
    supervision = models.CharField(max_length=10)  # one-class, weak, full
    reads = models.CharField(max_length=10, default=Reads.FRAMES)
    schema = models.JSONField()
    # Ready-made sweeps: [{"name", "title", "reproduces", "grid": {field: [value]},
    # "variants": [{"title", "config"}]}], see `ml.methods.ReadySweep`
    sweeps = models.JSONField(default=list)
    published_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    @property
    def policy(self) -> Policy:
        """What it may know of the videos that it learns from, and must find among them."""
        return POLICIES[Supervision(self.supervision)]

    @property
    def reads_features(self) -> bool:
        return self.reads == Reads.FEATURES

    @property
    def supervision_label(self) -> str:
        return str(SUPERVISION.get(self.supervision, self.supervision))


class SweepQuerySet(TeamOwnedQuerySet):
    def for_list(self) -> SweepQuerySet:
        return self.select_related("dataset", "split", "method", "created_by", "team")

    def with_counts(self) -> SweepQuerySet:
        """Adds `n_runs`, `n_scored`, `n_going_on` and `n_failed`."""
        counted = self.annotate(
            n_runs=Count("runs"),
            n_scored=Count("runs", filter=Q(runs__scored_at__isnull=False)),
            n_going_on=Count("runs", filter=~Q(runs__current_job__status__in=Job.TERMINAL)),
            n_failed=Count("runs", filter=Q(runs__current_job__status__in=ENDED_BADLY)),
        )
        return counted.order_by("-id")  # a query that groups ignores Meta.ordering


class Sweep(models.Model):
    """Runs of one method submitted together: configurations × seeds × folds. Never changed.

    A configuration is `config`, one of the `variants`, and one combination of the `grid`.
    """

    id = PrefixedIdField(prefix="sweep")
    team = models.ForeignKey(Team, models.CASCADE, related_name="sweeps")
    title = models.CharField(max_length=120)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="sweeps")
    split = models.ForeignKey(Split, models.PROTECT, related_name="sweeps")
    method = models.ForeignKey(Method, models.PROTECT, related_name="+")
    feature_set = models.ForeignKey(FeatureSet, models.PROTECT, null=True, related_name="sweeps")
    config = models.JSONField(default=dict)  # what all of them change of the method's values
    grid = models.JSONField(default=dict)  # {field: [value]}
    variants = models.JSONField(default=list)  # [{"title", "config"}], may be empty
    seeds = models.JSONField()
    folds = models.JSONField(default=list)  # numbers; empty where only `split` is used
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SweepQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["team", "-id"], name="sweep_of_team")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("runs:sweep", args=[self.pk])

    @property
    def split_label(self) -> str:
        """Without a fold where `folds` are named: `split` is then any one of its version."""
        return f"{self.split.name} v{self.split.version}" if self.folds else str(self.split)


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
    training has ended, and scoring jobs of its own from then on.

    An uploaded run brings its scores, and has no job until the last of them is there; a virtual
    one is computed from other runs by its recipe. Both are only evaluated.
    """

    class Kind(models.TextChoices):
        TRAINED = "trained", _("trained here")
        UPLOADED = "uploaded", _("scores brought in")
        VIRTUAL = "virtual", _("computed from other runs")

    class Selection(models.TextChoices):
        """How the checkpoint that was scored was chosen."""

        LAST = "last", _("last checkpoint")
        VALIDATION = "validation", _("best on validation")
        TEST = "test", _("selected on test")
        UNKNOWN = "unknown", _("selection not stated")

    # Of a run that is trained here: nothing here chooses by looking at the test split.
    HONEST_SELECTIONS = (Selection.LAST, Selection.VALIDATION)
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
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.TRAINED)
    method = models.ForeignKey(Method, models.PROTECT, null=True, related_name="runs")
    # What the people who brought scores say of a method that is not in the catalogue.
    method_title = models.CharField(max_length=120, blank=True)
    supervision = models.CharField(max_length=10, blank=True)
    features = models.CharField(max_length=120, blank=True)
    reference = models.CharField(max_length=300, blank=True)  # paper or code
    # Of a trained run complete: every field of the method, defaults filled in.
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
                condition=~Q(kind="trained") | Q(method__isnull=False, current_job__isnull=False),
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
        told = self.method.supervision if self.method else self.supervision
        return str(SUPERVISION.get(told, told))

    @property
    def trainer(self) -> Run:
        """The run that learnt, or learns, the weights that this one scores: most often itself."""
        return self.trained_by or self

    @property
    def waits_for_training(self) -> bool:
        """Of another run, whose job it has meanwhile."""
        job = self.current_job
        return job is not None and job.subject_id != self.pk

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
        """That of a trained run, which always has one."""
        assert self.current_job is not None, f"{self.pk} is {self.kind} and has no job"
        return self.current_job

    @property
    def is_finished(self) -> bool:
        """Nothing more comes unless somebody asks for it."""
        return self.current_job.is_terminal if self.current_job else self.scored_at is not None

    @property
    def is_going_on(self) -> bool:
        """A job of it waits or works."""
        return self.current_job is not None and not self.current_job.is_terminal

    @property
    def can_resume(self) -> bool:
        job = self.current_job
        return job is not None and job.is_terminal and job.status != Job.Status.SUCCEEDED


class Stage(models.Model):
    """A kind of work that a run goes through, cut into shards that any worker may take.

    Training and evaluation are one shard, scoring may be several. The stage is complete when the
    last of them has landed. It is there once, however often its jobs are done again.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="stages")
    kind = models.CharField(max_length=8)  # name in `webapp.jobs.kinds`
    # CPU threads of each job: that of the first, since sums are rounded by how they are divided.
    threads = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["run", "kind"], name="stage_unique")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.run_id}"

    @property
    def leading_job(self) -> Job | None:
        """Of those whose work is not stored, the one whose state is the run's; None without any.

        A failure tells most, then what works, then what waits. `shards` and their jobs should
        come joined.
        """
        jobs = [shard.job for shard in self.shards.all() if shard.landed_at is None]
        return min(jobs, key=lambda job: (TELLS_MOST.index(job.status), job.pk), default=None)

    @property
    def status(self) -> str:
        job = self.leading_job
        return job.status if job else Job.Status.SUCCEEDED

    @property
    def n_landed(self) -> int:
        return sum(shard.landed_at is not None for shard in self.shards.all())


class ShardQuerySet(models.QuerySet["Shard"]):
    def open(self) -> ShardQuerySet:
        """Those whose work is not stored yet."""
        return self.filter(landed_at=None)


class Shard(models.Model):
    """What one job of a stage does."""

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="shards")
    number = models.PositiveSmallIntegerField()  # from 1 on
    videos = models.JSONField(default=list)  # ids; empty for all that its kind of work takes
    job = models.OneToOneField(Job, models.PROTECT, related_name="shard")  # its last try
    landed_at = models.DateTimeField(null=True)  # when its work was stored

    objects = ShardQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["stage", "number"], name="shard_unique")]
        indexes = [
            models.Index(fields=["stage"], condition=Q(landed_at=None), name="shard_open"),
        ]

    def __str__(self) -> str:
        return f"shard {self.number} of stage {self.stage_id}"


class TrainingPoint(models.Model):
    """What the method reported at one step, for the learning curve."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="training_points")
    step = models.PositiveIntegerField()  # optimiser updates so far
    epoch = models.FloatField()
    values = models.JSONField()  # {"train_loss": 0.01, "validation_loss": …}

    class Meta:
        ordering = ["step"]
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="point_unique")]

    def __str__(self) -> str:
        return f"step {self.step} of {self.run_id}"


class Checkpoint(models.Model):
    """Weights and everything needed to go on from them: safetensors beside JSON."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="checkpoints")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    step = models.PositiveIntegerField()
    epoch = models.FloatField()
    weights = models.FileField(max_length=300)  # .safetensors
    state = models.FileField(max_length=300)  # .json
    sha256 = models.CharField(max_length=64)  # of the weights file
    n_bytes = models.BigIntegerField()
    is_final = models.BooleanField(default=False)
    is_best = models.BooleanField(default=False)  # lowest validation loss so far
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["step"]
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="checkpoint_unique")]

    def __str__(self) -> str:
        return f"checkpoint of {self.run_id} at step {self.step}"
