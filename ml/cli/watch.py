"""`python -m ml watch` and `calibrate`: scores of frames as they come, on a known scale."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ml.metrics.calibration import Calibration, calibrate
from ml.records import BadInput, Manifest, VideoRecord
from ml.supervision import Supervision, allowed_videos

if TYPE_CHECKING:
    from ml.methods import Method
    from ml.scoring.online import FrameScore, OnlineScorer, ScoresStreams

STDIN = "-"
DEFAULT_FPS = 25.0
Frame = NDArray[np.uint8]
Timed = tuple[float, Frame]  # seconds at which it is shown


def add_verbs(verbs: Any) -> None:
    watch = verbs.add_parser("watch", help="score frames one by one, as they come")
    watch.add_argument("video", help="file, folder of images, or - for raw frames on stdin")
    watch.add_argument("--raw", metavar="WxH", help="size of the grey frames on stdin, a byte each")
    watch.add_argument("--fps", type=float, help="frames per second, instead of the file's times")
    watch.add_argument("--calibration", type=Path, help="what `calibrate --out` was")
    watch.add_argument("--by", default="highest", choices=("highest", "quantile"))
    _add_model(watch)
    watch.set_defaults(run=_watch)

    scale = verbs.add_parser("calibrate", help="the scale of scores, from normal validation videos")
    scale.add_argument("--manifest", type=Path, required=True)
    scale.add_argument("--part", default="validation", choices=("train", "validation"))
    scale.add_argument("--out", type=Path, required=True, help="JSON file to write")
    _add_model(scale)
    scale.set_defaults(run=_calibrate)


def _add_model(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--checkpoint", type=Path, required=True, help="as for train --resume")
    verb.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, …")
    verb.add_argument("--threads", type=int, help="of the CPU; all cores unless told")


def _calibrate(options: argparse.Namespace) -> None:
    method, weights_sha256 = _model(options)
    given = Manifest.load(options.manifest).part(options.part)
    videos = allowed_videos(given, Supervision.ONE_CLASS)  # the scale is that of normal scores
    scores = (method.score(video).values for video in videos)
    found = calibrate(scores, weights_sha256=weights_sha256)
    options.out.write_text(json.dumps(found.to_json(), indent=1) + "\n")


def _watch(options: argparse.Namespace) -> int:
    from ml.scoring.online import OnlineScorer

    method, weights_sha256 = _model(options)
    streaming = _streaming(method)
    scorer = OnlineScorer(streaming)
    frames = _frames(options, streaming.size)
    calibration = _calibration(options.calibration, weights_sha256)
    print(f"a score follows its frame by {scorer.delay} frames", file=sys.stderr)
    print("frame\ttime\tscore", flush=True)
    try:
        for frame, seconds, score in _scored(scorer, frames):
            value = calibration.apply(score, options.by) if calibration else score
            print(f"{frame}\t{seconds:.3f}\t{value:.9g}", flush=True)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # nobody listens any more, nor may Python try once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _scored(scorer: OnlineScorer, frames: Iterable[Timed]) -> Iterator[tuple[int, float, float]]:
    """Frame, seconds and score, as soon as the score is known."""
    waiting: deque[tuple[int, float]] = deque()  # frames and seconds, few however many come
    for number, (seconds, frame) in enumerate(frames):
        waiting.append((number, seconds))
        yield from _with_seconds(scorer.push(frame), waiting)
    yield from _with_seconds(scorer.finish(), waiting)


def _with_seconds(
    scores: Iterable[FrameScore], waiting: deque[tuple[int, float]]
) -> Iterator[tuple[int, float, float]]:
    for frame, score in scores:
        while waiting[0][0] < frame:
            waiting.popleft()
        yield frame, waiting.popleft()[1], score


def _model(options: argparse.Namespace) -> tuple[Method, str]:
    """The method as it was learnt, and the SHA-256 of its weights."""
    from ml.reports import to_terminal
    from ml.training import checkpoints
    from ml.verbs import restored

    weights, state = checkpoints.paths_of(options.checkpoint)
    spec = {"weights": str(weights), "state": str(state)}
    spec |= {"device": options.device, "threads": options.threads}
    method = restored(spec, to_terminal())
    with weights.open("rb") as file:
        return method, hashlib.file_digest(file, "sha256").hexdigest()


def _streaming(method: Method) -> ScoresStreams:
    from ml.scoring.online import ScoresStreams

    if not isinstance(method, ScoresStreams):
        raise BadInput(f"{method.title} needs whole videos: it cannot score frame by frame")
    return method


def _calibration(path: Path | None, weights_sha256: str) -> Calibration | None:
    if path is None:
        return None
    try:
        found = Calibration.from_json(json.loads(path.read_text()))
    except (OSError, ValueError, BadInput) as error:
        raise BadInput(f"{path.name} cannot be read as a calibration: {error}") from error
    if found.weights_sha256 and found.weights_sha256 != weights_sha256:
        raise BadInput(f"{path.name} is the calibration of other weights")
    return found


def _frames(options: argparse.Namespace, size: tuple[int, int]) -> Iterator[Timed]:
    """A rate that was given counts for any source, else the file's own times."""
    from ml.data.video.decode import decode, decode_timed

    if options.fps is not None and not options.fps > 0:
        raise BadInput(f"--fps {options.fps}: a number above 0 is expected")
    if options.video == STDIN:
        raw = _raw_frames(sys.stdin.buffer, *_raw_size(options.raw))
        return _at_rate(raw, options.fps or DEFAULT_FPS)
    path = Path(options.video)
    if not path.exists():
        raise BadInput(f"There is no {path}")
    is_folder = path.is_dir()
    video = VideoRecord(id=path.name, path=str(path), kind="frames" if is_folder else "file")
    if options.fps or is_folder:
        return _at_rate(decode(video, size=size, grey=True), options.fps or DEFAULT_FPS)
    return _by_times(decode_timed(video, size=size, grey=True), _rate(path))


def _at_rate(frames: Iterable[Frame], fps: float) -> Iterator[Timed]:
    return ((number / fps, frame) for number, frame in enumerate(frames))


def _by_times(frames: Iterable[tuple[float | None, Frame]], fps: float) -> Iterator[Timed]:
    """`fps` serves from a frame on whose time is missing or out of order, which is said once."""
    last, has_warned = -math.inf, False
    for number, (seconds, frame) in enumerate(frames):
        if seconds is None or seconds <= last:
            if not has_warned:
                text = f"the file has no time for frame {number} after those before it: it is taken"
                print(f"{text} to come after 1/{fps:g} s, and so with others", file=sys.stderr)
            has_warned = True
            seconds = last + 1 / fps if number else 0.0
        last = seconds
        yield seconds, frame


def _raw_size(text: str | None) -> tuple[int, int]:
    """(H, W)"""
    width, _, height = (text or "").partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise BadInput("Frames on stdin need their size: --raw WIDTHxHEIGHT, such as --raw 320x240")
    return int(height), int(width)


def _raw_frames(stream: BinaryIO, height: int, width: int) -> Iterator[Frame]:
    """Up to the last whole one."""
    while len(data := stream.read(height * width)) == height * width:
        yield np.frombuffer(data, np.uint8).reshape(height, width)
    if data:
        print(f"the last frame is cut off after {len(data)} bytes: left out", file=sys.stderr)


def _rate(path: Path) -> float:
    """The mean rate that the file states, for frames without a time."""
    import av

    from ml.data.video.containers import open_video
    from ml.data.video.streams import video_stream

    try:
        with open_video(path) as container:
            rate = video_stream(container).average_rate
    except av.FFmpegError as error:
        raise BadInput(f"{path.name} cannot be opened as a video: {error.strerror}") from error
    return float(rate) if rate else DEFAULT_FPS
