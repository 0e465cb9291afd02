"""Methods as the workers publish them, and runs: the scientific record."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import DurationField, F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce, Extract, Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from webapp.accounts.models import Team
from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.common.models import TimestampedModel
from webapp.datasets.models import AnnotationSet, Dataset, Split
from webapp.jobs.models import Job

LARGEST_SEED = 2**32 - 1  # what NumPy takes
ENDED_BADLY = (Job.Status.FAILED, Job.Status.TIMED_OUT, Job.Status.LOST)

SUPERVISION = {
    "one-class": _("One-class: learns from normal videos only"),
    "weak": _("Weakly supervised: is told which videos contain something abnormal"),
    "full": _("Supervised: is told which clips or frames are abnormal"),
}


class Method(models.Model):
    """A published approach, as the workers that have it describe it.

    `schema` is the JSON Schema of its config; the form and the REST check are drawn from it.
    """

    name = models.SlugField(max_length=60, primary_key=True)  # module name in ml.methods
    title = models.CharField(max_length=120)
    summary = models.TextField()
    paper = models.CharField(max_length=300)
    supervision = models.CharField(max_length=10)  # one-class, weak, full
    schema = models.JSONField()
    published_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_one_class(self) -> bool:
        """Learns from normal videos only."""
        return self.supervision == "one-class"

    @property
    def supervision_label(self) -> str:
        return str(SUPERVISION.get(self.supervision, self.supervision))


class RunQuerySet(TeamOwnedQuerySet):
    def for_list(self) -> RunQuerySet:
        return self.select_related("dataset", "method", "current_job", "created_by")

    def with_work_seconds(self) -> RunQuerySet:
        """Adds `work_seconds`: how long workers were busy with it, all tries together."""
        spent = Coalesce(F("finished_at"), Now()) - F("started_at")
        jobs = Job.objects.filter(subject_id=OuterRef("pk"), started_at__isnull=False)
        total = jobs.order_by().values("subject_id").annotate(total=Sum(spent)).values("total")
        seconds = Extract(Subquery(total, output_field=DurationField()), "epoch")
        return self.annotate(work_seconds=seconds)


class Run(TimestampedModel):
    """A method with its config and seed on a split of a dataset, and what came of it.

    Its state is that of `current_job`: training first, then scoring.
    """

    class Selection(models.TextChoices):
        """Which checkpoint was scored."""

        LAST = "last", _("last checkpoint")
        VALIDATION = "validation", _("best on validation")

    id = PrefixedIdField(prefix="run")
    team = models.ForeignKey(Team, models.CASCADE, related_name="runs")
    name = models.CharField(max_length=160)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="runs")
    split = models.ForeignKey(Split, models.PROTECT, related_name="runs")
    annotation_set = models.ForeignKey(AnnotationSet, models.PROTECT, related_name="runs")
    method = models.ForeignKey(Method, models.PROTECT, related_name="runs")
    config = models.JSONField()  # complete: every field of the method, defaults filled in
    seed = models.BigIntegerField(default=0)
    selection = models.CharField(max_length=10, choices=Selection.choices, default=Selection.LAST)
    dataset_hash = models.CharField(max_length=64)  # content_hash of the dataset at submission
    current_job = models.ForeignKey(Job, models.PROTECT, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["team", "-id"], name="run_of_team")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("runs:detail", args=[self.pk])

    @property
    def status(self) -> str:
        return self.current_job.status

    @property
    def status_label(self) -> str:
        """Training or scoring while it runs, else the word for the state of its job."""
        job = self.current_job
        if job.status != Job.Status.RUNNING:
            return job.get_status_display()
        return str(_("Scoring") if job.kind == Job.Kind.SCORE else _("Training"))

    @property
    def is_finished(self) -> bool:
        """Nothing more comes unless somebody asks for it."""
        return self.current_job.is_terminal

    @property
    def can_resume(self) -> bool:
        return self.is_finished and self.status != Job.Status.SUCCEEDED


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
