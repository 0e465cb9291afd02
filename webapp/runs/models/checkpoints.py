"""What trainings leave behind, and weights that were trained elsewhere."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from webapp.accounts.models import Team
from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.common.models import TimestampedModel
from webapp.jobs.models import Job
from webapp.runs.models.methods import Method
from webapp.runs.models.runs import Run


def weights_file_name(weights: Weights, name: str) -> str:
    return f"weights/{weights.pk}/{name}"


class WeightsQuerySet(TeamOwnedQuerySet):
    def ready(self) -> WeightsQuerySet:
        return self.filter(method__isnull=False)


class Weights(TimestampedModel):
    """A file of weights that were trained elsewhere. Once read, never changed.

    `method` and all that follows it are what the reading found; the weights as our method names
    them are its `checkpoint`.
    """

    id = PrefixedIdField(prefix="weights")
    team = models.ForeignKey(Team, models.CASCADE, related_name="weights")
    name = models.CharField(max_length=120)
    file = models.FileField(upload_to=weights_file_name, max_length=300)  # as it was sent
    file_name = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    n_bytes = models.BigIntegerField()
    source = models.CharField(max_length=300, blank=True)  # paper or code
    # How their makers chose the checkpoint, as far as whoever brought it knows.
    selection = models.CharField(
        max_length=10, choices=Run.Selection.choices, default=Run.Selection.UNKNOWN
    )
    method = models.ForeignKey(Method, models.PROTECT, null=True, related_name="weights")
    layout = models.CharField(max_length=120, blank=True)  # whose code writes such files
    config = models.JSONField(default=dict)  # complete, as that of a trained run
    notes = models.JSONField(default=list)  # sentences about what was left out
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = WeightsQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["team", "-id"], name="weights_of_team")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("runs:weights", args=[self.pk])

    @property
    def state(self) -> str:
        """reading, failed or ready."""
        if self.method_id:
            return "ready"
        return "failed" if self.job is None or self.job.is_terminal else "reading"

    @property
    def reason(self) -> str:
        """Why it could not be read; empty otherwise."""
        return self.job.reason if self.state == "failed" and self.job else ""

    @property
    def is_selected_on_test(self) -> bool:
        return self.selection == Run.Selection.TEST


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
    """Weights and everything needed to go on from them: safetensors beside JSON.

    Of a run that learnt them, or made of weights that were brought in.
    """

    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="checkpoints")
    published = models.OneToOneField(Weights, models.CASCADE, null=True, related_name="checkpoint")
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
        constraints = [
            models.UniqueConstraint(fields=["run", "step"], name="checkpoint_unique"),
            models.CheckConstraint(
                name="checkpoint_of_one_origin",
                condition=Q(run=None, published__isnull=False)
                | Q(run__isnull=False, published=None),
            ),
        ]

    def __str__(self) -> str:
        if self.run_id is None:
            return f"checkpoint made of {self.published_id}"
        return f"checkpoint of {self.run_id} at step {self.step}"

    @property
    def origin_id(self) -> str:
        """Of the run that learnt it, or of the weights that it was made of."""
        return str(self.run_id or self.published_id)
