"""What facts of the container alone reach on a split."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from webapp.datasets.models import AnnotationSet, Split

WORDS = {
    "frame_rate": _("frame rate"),
    "width": _("width"),
    "height": _("height"),
    "n_frames": _("number of frames"),
    "seconds": _("length"),
    "has_sound": _("sound"),
    "bit_rate": _("bit rate"),
}
LEAST_SHOWN = 0.005  # which is shown as 0.01


class ShortcutBaseline(models.Model):
    """See `ml.evaluation.shortcut`. Split × ground truth × version. Immutable."""

    split = models.ForeignKey(Split, models.CASCADE, related_name="shortcuts")
    annotation_set = models.ForeignKey(AnnotationSet, models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    judged = models.JSONField()  # fields of `Judged`, of this split
    pooled = models.JSONField(null=True)  # of all folds together; null without folds
    by_fold = models.JSONField(default=list)  # their AUROCs, null where undefined
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["split", "annotation_set", "version"], name="shortcut_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"shortcut baseline of {self.split_id}"

    @property
    def of_all(self) -> dict[str, Any]:
        """Of the whole cross-validation, or of the split where there is none."""
        return self.pooled or self.judged

    @property
    def learnt(self) -> list[tuple[str, float]]:
        """What each fact had in what was learnt, the most first; those with next to nothing not."""
        shares = sorted(self.of_all["shares"].items(), key=lambda each: -each[1])
        return [(str(WORDS[name]), share) for name, share in shares if share >= LEAST_SHOWN]
