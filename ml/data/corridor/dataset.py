"""Renders the clips, encodes them and writes their ground truth next to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ml.data.corridor.brush import Brush, Shadows
from ml.data.corridor.clips import ANOMALIES, Clip, abnormal_clip, normal_clip
from ml.data.corridor.scene import HEIGHT, WIDTH, Background, Camera, Image
from ml.records import intervals_of

FPS = 20
CAMERA = Camera()
NOISE_SIGMA = 2.2  # of 255
NOISE_MARGIN = 64
VISIBLE_PIXELS = 24
# Every fourth test clip is normal; the others take the anomalies in turn.
NORMAL_EVERY = 4


def render(
    out: Path, *, seed: int, n_train: int = 12, n_test: int = 8, seconds: float = 10
) -> Path:
    """Write `training/*.mp4`, `testing/*.mp4` and `manifest.json` below `out`; return the last.

    The same seed gives the same bytes.
    """
    background = Background(CAMERA, np.random.default_rng(seed))
    clips = [*_training(seed, n_train, seconds), *_testing(seed, n_test, seconds)]
    for folder in ("training", "testing"):
        (out / folder).mkdir(parents=True, exist_ok=True)

    def film(job: tuple[int, Clip]) -> dict[str, Any]:
        index, clip = job
        rng = np.random.default_rng([seed, index])
        return _film(clip, out, background, rng, round(seconds * FPS))

    # OpenCV and FFmpeg let go of the interpreter, so threads do share the cores.
    with ThreadPoolExecutor(max_workers=2) as pool:
        videos = list(pool.map(film, enumerate(clips)))
    manifest = out / "manifest.json"
    manifest.write_text(json.dumps({"videos": videos}, indent=1) + "\n")
    return manifest


def _training(seed: int, n: int, seconds: float) -> Iterator[Clip]:
    for index in range(n):
        rng = np.random.default_rng([seed, 1, index])
        yield normal_clip(f"training/{index + 1:02}.mp4", rng, seconds)


def _testing(seed: int, n: int, seconds: float) -> Iterator[Clip]:
    labels = list(ANOMALIES)
    for index in range(n):
        rng = np.random.default_rng([seed, 2, index])
        name = f"testing/{index + 1:02}.mp4"
        if index % NORMAL_EVERY == 0:
            yield normal_clip(name, rng, seconds)
        else:
            label = labels[(index - index // NORMAL_EVERY - 1) % len(labels)]
            yield abnormal_clip(name, label, rng, seconds)


def _film(
    clip: Clip, out: Path, background: Background, rng: np.random.Generator, n_frames: int
) -> dict[str, Any]:
    labels = np.zeros(n_frames, dtype=np.uint8)
    frames = _Sensor(rng)
    with _Encoder(out / clip.name) as encoder:
        for index in range(n_frames):
            seconds = index / FPS
            picture = background.at(frames.lamp(seconds))
            draw(clip, picture, seconds)
            encoder.write(frames.expose(picture, seconds))
            labels[index] = is_abnormal(clip, seconds)
    return {
        "name": clip.name,
        "part": "train" if clip.name.startswith("training") else "test",
        "label": clip.label,
        "intervals": [
            [interval.start_frame, interval.end_frame, clip.label]
            for interval in intervals_of(labels)
        ],
    }


def draw(clip: Clip, picture: Image, seconds: float) -> None:
    """Everybody, from the far end to the near one; shadows lie under all of them."""
    present = [(depth, actor) for actor in clip.actors if (depth := actor.depth(seconds))]
    present.sort(key=lambda pair: -pair[0])
    shadows = Shadows(CAMERA, picture)
    for _, actor in present:
        actor.cast_shadow(shadows, seconds)
    shadows.lay()
    brush = Brush(CAMERA, picture)
    for _, actor in present:
        actor.draw(brush, seconds)
    brush.finish()


def is_abnormal(clip: Clip, seconds: float) -> bool:
    """Whether at least VISIBLE_PIXELS of the abnormal actor lie inside the picture."""
    if clip.abnormal is None or clip.abnormal.depth(seconds) is None:
        return False
    alone = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    brush = Brush(CAMERA, alone)
    clip.abnormal.draw(brush, seconds)
    brush.finish()
    return cv2.countNonZero(alone[:, :, 0]) >= VISIBLE_PIXELS


class _Sensor:
    """What the camera adds: flicker of the lamps, exposure that wanders, noise."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._phase = rng.uniform(0, 2 * np.pi)
        shape = (HEIGHT + NOISE_MARGIN, WIDTH + NOISE_MARGIN, 3)
        noise = rng.normal(128.0, NOISE_SIGMA, shape)
        self._noise = np.clip(np.round(noise), 0, 255).astype(np.uint8)

    def lamp(self, seconds: float) -> float:
        """The faulty lamp: mostly on, with a short dip now and then."""
        wave = np.sin(2.1 * seconds + self._phase) + np.sin(5.3 * seconds + 2 * self._phase)
        return 0.8 if wave > 1.7 else 1.0

    def expose(self, picture: Image, seconds: float) -> Image:
        gain = 1.0 + 0.008 * np.sin(9.0 * seconds + self._phase) + self._rng.normal(0, 0.003)
        top, left = self._rng.integers(NOISE_MARGIN, size=2)
        noise = self._noise[top : top + HEIGHT, left : left + WIDTH]
        return cv2.addWeighted(picture, gain, noise, 1.0, -128.0)  # type: ignore[return-value]


class _Encoder:
    """H.264 that every browser plays, and the same bytes for the same frames.

    That takes one thread and no B-frames: with them x264's macroblock tree is not repeatable.
    """

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path), "w", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=FPS)
        self._stream.width, self._stream.height = WIDTH, HEIGHT
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": "21", "preset": "veryfast", "bf": "0", "threads": "1"}

    def __enter__(self) -> _Encoder:
        return self

    def write(self, picture: NDArray[np.uint8]) -> None:
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        self._container.mux(self._stream.encode(frame))

    def __exit__(self, *_: object) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()
