"""Who did what, and when. Only ever added to, in the transaction of the change itself."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from webapp.common.ids import PrefixedIdField

KINDS: dict[str, str | Promise] = {
    "dataset": _("Datasets"),
    "video": _("Videos"),
    "ground_truth": _("Ground truth"),
    "split": _("Splits"),
    "feature_set": _("Feature sets"),
    "regions": _("Regions"),
    "run": _("Runs"),
    "sweep": _("Sweeps"),
    "weights": _("Published weights"),
    "scores": _("Scores"),
    "job": _("Jobs"),
    "protocol": _("Protocols"),
    "share_link": _("Share links"),
    "member": _("Members"),
    "invitation": _("Invitations"),
    "token": _("API tokens"),
}


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def of_kind(self, kind: str) -> AuditEventQuerySet:
        """Of things of one kind, a key of KINDS."""
        acts = [act for act in AuditEvent.Act.values if kind_of(act) == kind]
        return self.filter(act__in=acts)

    def in_teams(self, teams: models.QuerySet[models.Model]) -> AuditEventQuerySet:
        return self.filter(team__in=teams)


def kind_of(act: str) -> str:
    return act.partition(".")[0]


class AuditEvent(models.Model):
    """One change that somebody made, with the names that it had then: it outlives them all."""

    class Act(models.TextChoices):
        """What was done, as `noun.verb`; the label goes before the name of the thing."""

        DATASET_CREATED = "dataset.created", _("registered the dataset")
        DATASET_IMPORTED = "dataset.imported", _("began another import of the dataset")
        DATASET_CHANGED = "dataset.changed", _("changed the dataset")
        DATASET_DELETED = "dataset.deleted", _("deleted the dataset")
        VIDEO_GROUPED = "video.grouped", _("set the groups of the videos of")
        GROUND_TRUTH_BROUGHT = "ground_truth.brought", _("brought ground truth for")
        GROUND_TRUTH_ACCEPTED = "ground_truth.accepted", _("accepted ground truth for")
        SPLIT_CREATED = "split.created", _("made the split")
        FEATURE_SET_CREATED = "feature_set.created", _("registered the feature set")
        FEATURE_SET_EXTRACTED = "feature_set.extracted", _("began to make the feature set")
        FEATURE_SET_CANCELLED = "feature_set.cancelled", _("cancelled the making of")
        FEATURE_SET_RESUMED = "feature_set.resumed", _("resumed the making of")
        FEATURE_SET_READ = "feature_set.read", _("began another reading of the feature set")
        FEATURE_SET_DELETED = "feature_set.deleted", _("deleted the feature set")
        REGIONS_BROUGHT = "regions.brought", _("brought the regions")
        REGIONS_DRAWN = "regions.drawn", _("drew the regions")
        REGIONS_SEARCHED = "regions.searched", _("began to look for persons for the regions")
        REGIONS_CANCELLED = "regions.cancelled", _("cancelled the search for the regions")
        REGIONS_RESUMED = "regions.resumed", _("resumed the search for the regions")
        RUN_SUBMITTED = "run.submitted", _("submitted the run")
        RUN_UPLOADED = "run.uploaded", _("made, for scores from elsewhere, the run")
        RUN_MIXED = "run.mixed", _("mixed the virtual run")
        RUN_CANCELLED = "run.cancelled", _("cancelled the run")
        RUN_RESUMED = "run.resumed", _("resumed the run")
        RUN_EVALUATED = "run.evaluated", _("had numbers made of the run")
        RUN_DELETED = "run.deleted", _("deleted the run")
        RUN_EXPLAINED = "run.explained", _("had scores explained of the run")
        SWEEP_SUBMITTED = "sweep.submitted", _("submitted the sweep")
        SWEEP_CANCELLED = "sweep.cancelled", _("cancelled the sweep")
        SWEEP_DELETED = "sweep.deleted", _("deleted the sweep")
        WEIGHTS_BROUGHT = "weights.brought", _("brought the weights")
        WEIGHTS_DELETED = "weights.deleted", _("deleted the weights")
        SCORES_BROUGHT = "scores.brought", _("brought scores for")
        SCORES_DELETED = "scores.deleted", _("deleted the scores of")
        JOB_CANCELLED = "job.cancelled", _("cancelled the job")
        PROTOCOL_CREATED = "protocol.created", _("made the protocol")
        SHARE_LINK_CREATED = "share_link.created", _("shared")
        SHARE_LINK_REVOKED = "share_link.revoked", _("revoked the link to")
        MEMBER_JOINED = "member.joined", _("joined as")
        MEMBER_CHANGED = "member.changed", _("changed the role of")
        MEMBER_REMOVED = "member.removed", _("removed from the team")
        INVITATION_CREATED = "invitation.created", _("made an invitation as")
        INVITATION_WITHDRAWN = "invitation.withdrawn", _("withdrew an invitation as")
        TOKEN_CREATED = "token.created", _("made the API token")
        TOKEN_REVOKED = "token.revoked", _("revoked the API token")

    id = PrefixedIdField(prefix="act")
    # By its label: accounts, whose every change is recorded here, lies above this app.
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="audit_events")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # As they were called then. Empty where the site did it itself, or no token was used.
    user_name = models.CharField(max_length=120, blank=True)
    user_email = models.CharField(max_length=254, blank=True)
    token_id = models.CharField(max_length=36, blank=True)
    token_name = models.CharField(max_length=80, blank=True)
    act = models.CharField(max_length=32, choices=Act.choices)
    subject_id = models.CharField(max_length=36)  # may name what is no more
    subject_name = models.CharField(max_length=200)
    details = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["team", "-id"], name="audit_event_of_team"),
            models.Index(fields=["team", "user", "-id"], name="audit_event_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_name} {self.act} {self.subject_name}"

    @property
    def kind(self) -> str:
        return kind_of(self.act)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The details for people, as “files 16” and “checkpoints 2”."""
        return [
            (name.removeprefix("n_").replace("_", " "), _in_words(value))
            for name, value in self.details.items()
        ]


def _in_words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
