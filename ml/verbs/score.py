"""Scores the spec's videos with what the checkpoint's method has learnt."""

from __future__ import annotations

from ml.records import Scores, VideoRecord
from ml.reports import Reporter, to_nobody
from ml.scoring.videos import score_videos
from ml.verbs._spec import Spec, out_dir, restored, videos_of


def score_one(spec: Spec, video: VideoRecord) -> tuple[Scores, str]:
    """The scores of one video by the spec's checkpoint, and the rule by which frames have them."""
    method = restored(spec, to_nobody())
    return method.score(video), method.rule


def run(spec: Spec, reporter: Reporter) -> None:
    result = score_videos(
        restored(spec, reporter),
        videos_of(spec),
        out_dir(spec),
        reporter,
        with_maps=bool(spec.get("with_maps")),
    )
    reporter.send("result", values=result)
