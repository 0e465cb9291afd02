"""What the columns of a table of scores are called, in other people's programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from ml.findings import shortened
from ml.records import BadInput

Kind = Literal["video", "frame", "segment", "start", "end", "score", "ignored"]

VIDEO = frozenset(
    {
        "video", "videos", "vid", "videoname", "videoid", "vidname", "vidid", "videofile",
        "videofilename", "videopath", "name", "filename", "file", "fname", "filepath", "path",
        "clip", "clipname", "clipid", "sequence", "sequencename",
    }
)  # fmt: skip
FRAME = frozenset(
    {
        "frame", "frames", "frameid", "frameidx", "frameindex", "framenumber", "framenum",
        "frameno", "framenr", "index", "idx", "t",
    }
)  # fmt: skip
SEGMENT = frozenset(
    {
        "segment", "segmentid", "segmentidx", "segmentindex", "segmentnumber", "segmentno",
        "snippet", "snippetid", "snippetidx", "snippetindex", "clipidx", "clipindex",
        "clipnumber", "clipno", "window", "windowid", "windowidx", "windowindex",
        "chunk", "chunkid", "chunkidx",
    }
)  # fmt: skip
START = frozenset(
    {"start", "startframe", "framestart", "firstframe", "beginframe", "fromframe", "segmentstart"}
)
END = frozenset({"end", "endframe", "frameend", "lastframe", "stopframe", "toframe", "segmentend"})
SCORE = frozenset(
    {
        "score", "scores", "anomalyscore", "anomalyscores", "framescore", "framescores",
        "videoscore", "segmentscore", "abnormalscore", "abnormality", "abnormalityscore", "pred",
        "preds", "prediction", "predictions", "predictedscore", "ypred", "yscore", "yprob", "prob",
        "probs", "probability", "probabilities", "anomalyprob", "anomalyprobability", "pabnormal",
        "panomaly", "value", "values", "confidence",
    }
)  # fmt: skip
TRUTH = frozenset({"label", "labels", "gt", "groundtruth", "target", "targets", "truth", "ytrue"})
TIME = frozenset({"time", "times", "timestamp", "second", "seconds", "sec", "timesec", "pts"})
KINDS: dict[Kind, frozenset[str]] = {
    "video": VIDEO, "frame": FRAME, "segment": SEGMENT, "start": START, "end": END, "score": SCORE,
}  # fmt: skip
PLACES: tuple[Kind, ...] = ("frame", "segment", "start")
MAY_BE_SEGMENTS = frozenset({"clip", "clipid"})
KNOWN = "known are video, frame (or segment, start and end), and score"


def kinds_of(headings: Sequence[str]) -> list[Kind]:
    """What each column holds. Raise BadInput for those that cannot be told."""
    bare = [re.sub(r"[\W_]+", "", heading.casefold()) for heading in headings]
    kinds: list[Kind | None] = [_kind(name) for name in bare]
    if kinds.count("video") > 1:
        kinds = ["segment" if n in MAY_BE_SEGMENTS else k for n, k in zip(bare, kinds, strict=True)]
    has_frames = "frame" in kinds or "start" in kinds
    known: list[Kind | None] = [
        "ignored" if kind is None and (name in TRUTH or (name in TIME and has_frames)) else kind
        for name, kind in zip(bare, kinds, strict=True)
    ]
    if unknown := [heading for heading, kind in zip(headings, known, strict=True) if kind is None]:
        raise BadInput(
            f"{_columns(unknown)} not understood; {KNOWN}: rename what says where a score belongs, "
            "take out the rest"
        )
    found = [kind for kind in known if kind]
    _check(headings, found)
    return found


def _kind(name: str) -> Kind | None:
    return next((kind for kind, names in KINDS.items() if name in names), None)


def _columns(headings: Sequence[str]) -> str:
    return f"the column{'s' if len(headings) > 1 else ''} {shortened(headings, 6)} " + (
        "are" if len(headings) > 1 else "is"
    )


def _check(headings: Sequence[str], kinds: Sequence[Kind]) -> None:
    """One column for each thing, a score, and one way to say where it belongs."""
    for kind in KINDS:
        same = [name for name, each in zip(headings, kinds, strict=True) if each == kind]
        if len(same) > 1:
            raise BadInput(f"the columns {shortened(same, 6)} may both be the {kind}: keep one")
    if "score" not in kinds:
        raise BadInput(f"no column is called score; its columns are {shortened(headings, 6)}")
    placing = [kind for kind in PLACES if kind in kinds]
    if len(placing) > 1:
        named = [name for name, each in zip(headings, kinds, strict=True) if each in placing]
        raise BadInput(f"the columns {shortened(named)} both say where a score belongs: keep one")
    if "end" in kinds and "start" not in kinds:
        raise BadInput("a column says where a segment ends, and none where it starts")
