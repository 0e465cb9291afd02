"""What a share link shows, found again from what its row keeps.

The same ids are looked for within what a person may see while a link is made, and within the
link's team whenever it is opened. What is not found there raises Http404.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.models import AnnotationSet, Dataset, Video, VideoQuerySet
from webapp.results.models import Protocol
from webapp.results.protocols.choice import protocol_of
from webapp.results.scores.reading import MAX_LISTED_RUNS, score_sets_on
from webapp.results.studies.choice import chosen_truth, runs_in_order
from webapp.results.studies.comparison import MAX_RUNS
from webapp.runs.models import Run, RunQuerySet
from webapp.sharing.models import ShareLink

Ids = Mapping[str, Any]  # as `to_json` gives them
Row = TypeVar("Row", bound=Model)
MAX_TITLE_LENGTH = 200


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Where the parts of a target may come from."""

    runs: RunQuerySet
    datasets: QuerySet[Dataset]
    videos: VideoQuerySet
    protocols: QuerySet[Protocol]

    @classmethod
    def of_user(cls, user: User) -> Reach:
        return cls(
            runs=Run.objects.visible_to(user),
            datasets=Dataset.objects.visible_to(user),
            videos=Video.objects.visible_to(user),
            protocols=Protocol.objects.visible_to(user),
        )

    @classmethod
    def of_team(cls, team: Team) -> Reach:
        return cls(
            runs=Run.objects.filter(team=team),
            datasets=Dataset.objects.filter(team=team),
            videos=Video.objects.filter(dataset__team=team),
            protocols=Protocol.objects.of_team(team),
        )


@dataclass(frozen=True, kw_only=True)
class RunTarget:
    """The results of one run."""

    kind: ClassVar = ShareLink.Kind.RUN
    run: Run

    @property
    def team(self) -> Team:
        return self.run.team

    @property
    def title(self) -> str:
        return self.run.name

    def to_json(self) -> dict[str, Any]:
        return {"runs": [self.run.pk]}

    @classmethod
    def load(cls, ids: Ids, reach: Reach) -> RunTarget:
        joined = ("team", "split", "annotation_set")
        runs = reach.runs.for_list().with_work_seconds().select_related(*joined)
        wanted = ids.get("runs") or [None]
        if len(wanted) > 1:
            raise UserError(_("A link to a run shows one run. Share a comparison of several."))
        return cls(run=_one(runs, wanted[0]))

    def check(self) -> None:
        if self.run.scored_at is None:
            raise UserError(_("This run has no results to share yet."))


@dataclass(frozen=True, kw_only=True)
class ComparisonTarget:
    """Some runs side by side, and their curves over one video where the page had them."""

    kind: ClassVar = ShareLink.Kind.COMPARISON
    runs: Sequence[Run]
    protocol: Protocol
    truth: AnnotationSet | None
    video: Video | None

    @property
    def team(self) -> Team:
        return self.runs[0].team

    @property
    def title(self) -> str:
        return ", ".join(run.name for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        return {
            "runs": [run.pk for run in self.runs],
            "protocol": self.protocol.pk,
            "truth": self.truth.pk if self.truth else "",
            "video": self.video.pk if self.video else "",
        }

    @classmethod
    def load(cls, ids: Ids, reach: Reach) -> ComparisonTarget:
        runs = runs_in_order(reach.runs.select_related("team"), _run_ids(ids, MAX_RUNS))
        return cls(
            runs=runs,
            protocol=_protocol(ids, runs[0].team, reach),
            truth=chosen_truth(ids.get("truth") or "", runs),
            video=_one(reach.videos.without_times(), ids["video"]) if ids.get("video") else None,
        )

    def check(self) -> None:
        _check_one_team(self.runs)
        if self.video:
            _check_scored(self.video, self.runs)


@dataclass(frozen=True, kw_only=True)
class LeaderboardTarget:
    """The runs of a dataset under one protocol, also those that are added later."""

    kind: ClassVar = ShareLink.Kind.LEADERBOARD
    dataset: Dataset
    protocol: Protocol

    @property
    def team(self) -> Team:
        return self.dataset.team

    @property
    def title(self) -> str:
        return f"{self.dataset}: {self.protocol.title}"

    def to_json(self) -> dict[str, Any]:
        return {"dataset": self.dataset.pk, "protocol": self.protocol.pk}

    @classmethod
    def load(cls, ids: Ids, reach: Reach) -> LeaderboardTarget:
        dataset = _one(reach.datasets.select_related("team"), ids.get("dataset"))
        return cls(dataset=dataset, protocol=_protocol(ids, dataset.team, reach))

    def check(self) -> None:
        """It may be shared while it is empty: it is live."""


@dataclass(frozen=True, kw_only=True)
class MomentTarget:
    """One video with the curves of some runs, opened at a frame."""

    kind: ClassVar = ShareLink.Kind.MOMENT
    video: Video
    runs: Sequence[Run]
    frame: int
    window: Sequence[int] | None  # first and end frame of the part in view
    threshold: float | None

    @property
    def team(self) -> Team:
        return self.video.dataset.team

    @property
    def title(self) -> str:
        return _("%(video)s at frame %(frame)d") % {"video": self.video.name, "frame": self.frame}

    @property
    def query(self) -> dict[str, Any]:
        """As the video page's address says it."""
        window = {"from": self.window[0], "to": self.window[1]} if self.window else {}
        threshold = {"t": self.threshold} if self.threshold is not None else {}
        return {"run": [run.pk for run in self.runs], "f": self.frame} | window | threshold

    def to_json(self) -> dict[str, Any]:
        return {
            "video": self.video.pk,
            "runs": [run.pk for run in self.runs],
            "frame": self.frame,
            "window": list(self.window) if self.window else None,
            "threshold": self.threshold,
        }

    @classmethod
    def load(cls, ids: Ids, reach: Reach) -> MomentTarget:
        videos = reach.videos.select_related("dataset__team")  # its page tells times
        return cls(
            video=_one(videos, ids.get("video")),
            runs=runs_in_order(reach.runs.select_related("team"), _run_ids(ids, MAX_LISTED_RUNS)),
            frame=ids.get("frame") or 0,
            window=ids.get("window"),
            threshold=ids.get("threshold"),
        )

    def check(self) -> None:
        _check_one_team(self.runs)
        _check_scored(self.video, self.runs)
        first, end = self.window or (0, self.video.n_frames)
        if not (0 <= self.frame < self.video.n_frames and 0 <= first < end <= self.video.n_frames):
            raise UserError(
                _("The video has the frames 0 to %d.") % (self.video.n_frames - 1), field="frame"
            )


Target = RunTarget | ComparisonTarget | LeaderboardTarget | MomentTarget
TARGETS: dict[str, type[Target]] = {
    each.kind: each for each in (RunTarget, ComparisonTarget, LeaderboardTarget, MomentTarget)
}


def load_target(kind: str, ids: Ids, reach: Reach) -> Target:
    return TARGETS[kind].load(ids, reach)


def title_of(target: Target) -> str:
    return Truncator(target.title).chars(MAX_TITLE_LENGTH)


def _one(rows: QuerySet[Row], pk: Any) -> Row:
    return get_object_or_404(rows, pk=pk)


def _protocol(ids: Ids, team: Team, reach: Reach) -> Protocol:
    """That of the row, or the newest by its slug as pages name it."""
    named = ids.get("protocol") or ""
    return protocol_of(named, team) if isinstance(named, str) else _one(reach.protocols, named)


def _run_ids(ids: Ids, most: int) -> list[str]:
    wanted = list(dict.fromkeys(ids.get("runs") or []))
    if not 1 <= len(wanted) <= most:
        raise UserError(_("Choose 1 to %d runs.") % most, field="runs")
    return wanted


def _check_one_team(runs: Sequence[Run]) -> None:
    if len({run.team_id for run in runs}) > 1:
        raise UserError(_("A link shows things of one team. Leave out the other teams' runs."))


def _check_scored(video: Video, runs: Sequence[Run]) -> None:
    """Also that they are on the video's dataset, since scores are."""
    wanted = Run.objects.filter(pk__in=[run.pk for run in runs])
    n_missing = len(runs) - score_sets_on(video, wanted).count()
    if n_missing:
        sentence = ngettext(
            "%d of the runs has no scores of this video.",
            "%d of the runs have no scores of this video.",
            n_missing,
        )
        raise UserError(sentence % n_missing, field="runs")
