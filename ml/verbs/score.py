"""Scores the spec's videos with what the checkpoint's method has learnt."""

from __future__ import annotations

from ml.methods import Reads
from ml.records import BadInput, Scores, VideoRecord
from ml.reports import Reporter, to_nobody
from ml.scoring.videos import check_scores, score_videos
from ml.verbs._spec import Spec, out_dir, restored, videos_of


def score_one(spec: Spec, video: VideoRecord) -> tuple[Scores, str]:
    """Of a video's features by the spec's checkpoint, and the rule by which frames have scores."""
    method = restored(spec, to_nobody())
    if method.reads != Reads.FEATURES:
        raise BadInput(f"{method.title} reads {method.reads}, no features: name a manifest")
    scores = method.score(video)
    check_scores(scores, video)
    return scores, method.rule


def run(spec: Spec, reporter: Reporter) -> None:
    result = score_videos(
        restored(spec, reporter),
        videos_of(spec),
        out_dir(spec),
        reporter,
        with_maps=bool(spec.get("with_maps")),
    )
    reporter.send("result", values=result)
