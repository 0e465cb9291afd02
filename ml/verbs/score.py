"""Scores the spec's videos with what the checkpoint's method has learnt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ml.methods import Method, Reads
from ml.records import BadInput, Scores, VideoRecord
from ml.registry import as_json, scoring_config
from ml.reports import Reporter, to_nobody
from ml.scoring.videos import ScoresInWays, check_scores, score_in_ways, score_videos
from ml.verbs._spec import Spec, out_dir, restored, videos_of


def score_one(spec: Spec, video: VideoRecord) -> tuple[dict[str, Scores], str]:
    """Of a video's features by the spec's checkpoint, and the rule by which frames have scores.

    By each of the spec's `ways`; without any, under the name "".
    """
    method = restored(spec, to_nobody())
    if method.reads != Reads.FEATURES:
        raise BadInput(f"{method.title} reads {method.reads}, no features: name a manifest")
    ways = ways_of(spec, method)
    if ways and isinstance(method, ScoresInWays):
        found = dict(zip(ways, method.score_ways(video, list(ways.values())), strict=True))
    else:
        found = {name: each.score(video) for name, each in _one_by_one(spec, method, ways)}
    for scores in found.values():
        check_scores(scores, video)
    return found, method.rule


def run(spec: Spec, reporter: Reporter) -> None:
    method = restored(spec, reporter)
    ways, videos, folder = ways_of(spec, method), videos_of(spec), out_dir(spec)
    if not ways:
        with_maps = bool(spec.get("with_maps"))
        result = score_videos(method, videos, folder, reporter, with_maps=with_maps)
    elif isinstance(method, ScoresInWays):
        result = score_in_ways(method, videos, folder, reporter, ways)
    else:
        for name, each in _one_by_one(spec, method, ways):
            result = score_videos(each, videos, folder / name, reporter, way=name)
    reporter.send("result", values=result)


def ways_of(spec: Spec, method: Method) -> dict[str, Any]:
    """The spec's `ways`, names of configs with what they change, as configs of the method.

    Raise BadInput where one changes more than how is scored.
    """
    learnt = as_json(method.config)
    return {
        name: scoring_config(type(method), learnt, learnt | changes)
        for name, changes in spec.get("ways", {}).items()
    }


def _one_by_one(
    spec: Spec, method: Method, ways: Mapping[str, Any]
) -> Iterator[tuple[str, Method]]:
    """The method by each of the configs, made anew: one that cannot score by several at once."""
    if not ways:
        yield "", method
    for name, config in ways.items():
        yield name, restored(spec | {"config": as_json(config)}, to_nobody())
