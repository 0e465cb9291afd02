"""Scores the spec's videos with what the checkpoint's method has learnt."""

from __future__ import annotations

from ml.reports import Reporter
from ml.scoring.videos import score_videos
from ml.verbs._spec import Spec, out_dir, restored, videos_of


def run(spec: Spec, reporter: Reporter) -> None:
    result = score_videos(
        restored(spec, reporter),
        videos_of(spec),
        out_dir(spec),
        reporter,
        with_maps=bool(spec.get("with_maps")),
    )
    reporter.send("result", values=result)
