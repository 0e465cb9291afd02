"""Where and when a network over clips looks, laid back over the frames of a video: Grad-CAM in 3-D.

Each clip that is scored is followed back by itself, from the logit of a class that is not normal to
a layer of the network. What is open is in docs/explanations.md.

B clips, L pictures of a clip, S their side, T steps of a layer, h w its cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.clock import Clock
from ml.data.clips.reading import Pictures
from ml.data.clips.sliding import read_in_batches, stretches_of, wanted_of, windows_in
from ml.data.clips.store import Making
from ml.data.video.clocks import read_clock
from ml.data.video.decode import decode
from ml.data.video.resizing import Size
from ml.explain.clip_sheets import ClipSheet, Explained, thinned
from ml.explain.grad_cam import grad_cam
from ml.explain.maps import LEVELS, Maps
from ml.explain.randomised import N_CHECKED, likeness_to_random
from ml.findings import counted, shortened
from ml.records import BadInput, VideoRecord

MAP_RULE = (
    "Grad-CAM of {method}, its layer {layer}: {steps} of {height} × {width} cells for the "
    "{pictures} of a clip, {where}. The logit of {of_class} is followed back to that layer. A "
    "frame shows the step that its picture belongs to, as the mean over the clips that hold it. "
    "{thinned}Level {levels} of {levels} is the highest cell of what was explained together; what "
    "lowers a score is not shown."
)
OF_TWO = "what is not normal"
OF_SEVERAL = "each clip's likeliest class but the normal one"
WHOLE = "which lie evenly over the whole picture"
REGIONS = (
    "which lie evenly over a region; where regions overlap the higher map is shown, and nothing "
    "outside of them"
)
THINNED = "Of {n} clips {kept} were explained, and each stands up to the next one. "
N_NAMED = 12  # layers, where one is asked for that is not there


@runtime_checkable
class ExplainsClips(Protocol):
    """A method whose network sees clips, and can be asked where and when it looks.

    `cam_layers` names layers of `network` that are worth asking, the first of them unless told.
    """

    cam_layers: tuple[str, ...]
    config: Any
    network: nn.Module | None

    @property
    def title(self) -> str: ...

    @property
    def making(self) -> Making: ...

    @property
    def n_classes(self) -> int: ...

    def streams(self, clips: Sequence[Pictures]) -> tuple[Tensor, ...]:
        """(B, 3, L, S, S) for each input of the network, of clips (L, S, S, 3)."""

    def logits_of(self, streams: tuple[Tensor, ...]) -> Tensor:
        """(B, classes) float32, differentiable; the first class is normal."""


@dataclass(frozen=True, kw_only=True)
class ClipMaps:
    """`likeness` is that to maps of the network with random weights: see `.randomised`."""

    maps: Maps
    rule: str
    likeness: float | None


def maps_of_clips(
    method: ExplainsClips, clips: Sequence[Pictures], layer: str
) -> NDArray[np.float32]:
    """(B, T, h, w), never negative, for the logit of each clip's likeliest class but the first.

    Raise BadInput where the layer cannot be asked.
    """

    def logits(*streams: Tensor) -> Tensor:
        return method.logits_of(streams)[:, 1:].amax(1)

    module = _layer(method, layer)
    try:
        found = grad_cam(module, method.streams(clips), logits)
    except ValueError as error:
        raise BadInput(f"The layer {layer} cannot be asked: {error}") from error
    if found.ndim == 3:  # a layer over pictures has those of all clips in its batch
        found = found.unflatten(0, (len(clips), -1))
    maps: NDArray[np.float32] = found.float().cpu().numpy()
    return maps


def explain_clips(
    method: ExplainsClips,
    video: VideoRecord,
    *,
    frames: tuple[int, int] | None = None,
    layer: str = "",
) -> ClipMaps:
    """Maps of `frames`, the first and the one after the last; of the whole video unless told.

    Raise BadInput where no clip holds any of them, or the layer cannot be asked.
    """
    clock = read_clock(video)
    first, end = frames or (0, clock.n_frames)
    if not 0 <= first < end <= clock.n_frames:
        raise BadInput(f"Frames {first} to {end} are no part of a video of {clock.n_frames} frames")
    asked = layer or method.cam_layers[0]
    if method.network is not None:
        method.network.eval()  # asking changes no running mean
    clips, n_clips = _clips_that_hold(method, video, clock, (first, end))
    if not clips:
        raise BadInput(f"No clip of {video.name} holds the frames {first} to {end}: nothing scored")
    sheet = ClipSheet((first, end), _picture_of(video) if video.regions else None)
    checked = dict.fromkeys(np.linspace(0, len(clips) - 1, N_CHECKED).astype(int).tolist())
    samples, found = [], []
    for number, (pictures, maps) in enumerate(_asked(method, video, clock, clips, asked)):
        sheet.add(clips[number], maps)
        if number in checked:
            samples.append(pictures)
            found.append(maps)
    return ClipMaps(
        maps=sheet.finish(),
        rule=_rule(method, asked, found[0].shape, sheet, (len(clips), n_clips)),
        likeness=likeness_to_random(
            lambda network: list(maps_of_clips(_with_network(method, network), samples, asked)),
            _network(method), found,
        ),
    )  # fmt: skip


def _layer(method: ExplainsClips, name: str) -> nn.Module:
    modules = dict(_network(method).named_modules())
    if not name or name not in modules:
        known = [each for each in modules if each]
        others = [each for each in known if each not in method.cam_layers]
        named = shortened([*method.cam_layers, *others], N_NAMED)
        raise BadInput(f"{method.title} has no layer {name}; it has {named}")
    return modules[name]


def _network(method: ExplainsClips) -> nn.Module:
    assert method.network is not None, "neither taught nor restored yet"
    return method.network


def _with_network(method: ExplainsClips, network: nn.Module) -> ExplainsClips:
    """The same in all else."""
    other = copy(method)
    other.network = network
    return other


def _clips_that_hold(
    method: ExplainsClips, video: VideoRecord, clock: Clock, frames: tuple[int, int]
) -> tuple[list[Explained], int]:
    """Those of any of the frames, every so many of them, as they begin; and how many there are."""
    config = method.config
    by_stretch = [
        [
            each
            for each in windows_in(stretch, clock, config.window_seconds, config.stride_seconds)
            if each.start_frame < frames[1] and each.end_frame > frames[0]
        ]
        for stretch in stretches_of(video, clock)
    ]
    kept = thinned(by_stretch, lambda clip: wanted_of(clip, clock, method.making).moments.after)
    return kept, sum(map(len, by_stretch))


def _asked(
    method: ExplainsClips,
    video: VideoRecord,
    clock: Clock,
    clips: Sequence[Explained],
    layer: str,
) -> Iterator[tuple[Pictures, NDArray[np.float32]]]:
    """The pictures of each clip and its maps (T, h, w)."""
    wanted = [wanted_of(each.clip, clock, method.making) for each in clips]
    for batch in read_in_batches(video, wanted, method.making):
        yield from zip(batch, maps_of_clips(method, batch, layer), strict=True)


def _picture_of(video: VideoRecord) -> Size:
    """The height and width of its frames, by the first."""
    frame = next(iter(decode(video)))
    return frame.shape[0], frame.shape[1]


def _rule(
    method: ExplainsClips,
    layer: str,
    shape: tuple[int, ...],
    sheet: ClipSheet,
    n_clips: tuple[int, int],
) -> str:
    """Of maps of this shape; `n_clips` are those that were explained, of how many."""
    n_steps, height, width = shape
    kept, n_all = n_clips
    return MAP_RULE.format(
        method=method.title, layer=layer, steps=counted(n_steps, "step"), height=height,
        width=width, pictures=counted(method.making.sampling.length, "picture"),
        where=REGIONS if sheet.picture else WHOLE,
        of_class=OF_TWO if method.n_classes == 2 else OF_SEVERAL,
        thinned=THINNED.format(n=n_all, kept=kept) if kept < n_all else "", levels=LEVELS,
    )  # fmt: skip
