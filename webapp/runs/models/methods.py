"""Methods, as the workers publish them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ml.supervision import POLICIES, Policy, Supervision

SUPERVISION = {
    "one-class": _("One-class: learns from normal videos only"),
    "weak": _("Weakly supervised: is told which videos contain something abnormal"),
    "full": _("Supervised: is told which clips or frames are abnormal"),
}
# What a training is told of its videos, as `POLICIES` has it.
TOLD = {
    "one-class": _(
        "Training is told no ground truth: videos that a label or an interval calls abnormal are "
        "left out."
    ),
    "weak": _(
        "Training is told which of its videos are abnormal and of which class, not when or where: "
        "their intervals and regions do not reach it."
    ),
    "full": _(
        "Training is told which of its videos are abnormal and of which class, and when: by "
        "intervals, or by the regions that it is given."
    ),
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
    # Names of other methods with whose weights its training may begin.
    begins_with = models.JSONField(default=list)
    # Of its network, which sees frames, those worth asking where it looks; the first unless told.
    layers = models.JSONField(default=list)
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
    def reads_clips(self) -> bool:
        return self.reads == Reads.CLIPS

    def may_begin_with(self, other: Method | None) -> bool:
        """Whether weights of that method may be begun with; they may still be of another size."""
        return other is not None and (other == self or other.name in self.begins_with)

    @property
    def supervision_label(self) -> str:
        return str(SUPERVISION.get(self.supervision, self.supervision))

    @property
    def told(self) -> str:
        """A sentence for whoever submits a run; empty for a supervision that is unknown here."""
        return str(TOLD.get(self.supervision, ""))
