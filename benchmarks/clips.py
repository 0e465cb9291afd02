"""Video to ten-crop clips as a network reads them, against a dump of JPEG files that is read again.

    python -m benchmarks.clips [240p] [720p]

Videos of 96 frames at 240p and 720p, H.264, one thread. Both give ten crops of 16 × 224 × 224 per
segment, cut of pictures of 340 × 256 and scaled to −1…1. The peer works as
I3D_Feature_Extraction_resnet does: each frame becomes a JPEG file, each file is read with Pillow,
resized and made floats of 64 bits, the crops of all segments are copied, and each becomes a
tensor. Ours decodes once, normalises each picture and its mirror image once and hands out views;
also measured is laying out each crop for the convolution, which the network does with both. CPU
time, five interleaved rounds. Freed memory stays with the process, as in a job's: the peer gains
by that, too.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks import report
from ml import memory
from ml.data.video.decode import decode
from ml.extraction import Extractor, create_extractor
from ml.extraction.segments import segments
from ml.models.backbones.i3d_resnet50 import I3DResNet50
from ml.records import VideoRecord

SEED = 7
N_FRAMES, SEGMENT = 96, 16
SIZES = {"240p": (320, 240), "720p": (1280, 720)}
CPU = torch.device("cpu")
Pictures = NDArray[np.float64]


def main() -> None:
    torch.set_num_threads(1)
    memory.keep_freed()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.save(I3DResNet50().state_dict(), folder / "w.pth")
        options = {"preprocessing": "squeezed", "crops": "ten"}
        extractor = create_extractor("i3d_resnet50", options, CPU, folder / "w.pth")
        for title in sys.argv[1:] or SIZES:
            video = render(folder / f"{title}.mp4", *SIZES[title])
            figures = {"video": title} | measure(extractor, video, folder)
            report.save("clips", figures, seed=SEED, notes=(__doc__ or "").split("\n")[0])


def measure(extractor: Extractor, video: VideoRecord, folder: Path) -> dict[str, Any]:
    check_equal(extractor, video, folder)
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: [None for _clips in ours(extractor, video)],
        "ours_laid_out": lambda: [len(laid_out(clips)) for clips in ours(extractor, video)],
        "peer": lambda: [None for _clips in peer(video, folder)],
        "decoding": lambda: [None for _frame in decode(video)],
    }
    timings = [{name: cpu_seconds(way) for name, way in ways.items()} for _round in range(5)]
    median = {name: statistics.median(each[name] for each in timings) for name in ways}
    return {
        "times_less_cpu": median["peer"] / median["ours"],
        "times_less_cpu_laid_out": median["peer"] / median["ours_laid_out"],
        **{f"{name}_ms_per_segment": 1000 * median[name] * SEGMENT / N_FRAMES for name in ways},
    }


def cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def ours(extractor: Any, video: VideoRecord) -> Iterator[list[torch.Tensor]]:
    for segment in segments(decode(video, size=extractor.size), SEGMENT):
        yield extractor.clips(segment)


def laid_out(clips: list[torch.Tensor]) -> list[torch.Tensor]:
    return [clip.contiguous(memory_format=torch.channels_last_3d) for clip in clips]


def peer(video: VideoRecord, folder: Path) -> Iterator[torch.Tensor]:
    """Crop after crop, of all segments."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        for number, frame in enumerate(decode(video)):
            Image.fromarray(frame).save(Path(name) / f"{number}.jpg")
        files = [Path(name) / f"{number}.jpg" for number in range(N_FRAMES)]
        batch = np.zeros((N_FRAMES // SEGMENT, SEGMENT, 256, 340, 3))  # as many as 20 segments
        for number, file in enumerate(files):
            batch[divmod(number, SEGMENT)] = reloaded(file)
        for crop in ten(batch):
            yield torch.from_numpy(crop.transpose(0, 4, 1, 2, 3)).float()


def reloaded(path: Path) -> Pictures:
    picture = Image.open(path).resize((340, 256), Image.Resampling.LANCZOS)
    scaled = np.array(picture).astype(float) * 2 / 255 - 1
    assert scaled.min() >= -1
    assert scaled.max() <= 1
    return scaled


def ten(batch: Pictures) -> list[Pictures]:
    mirrored = np.array(batch[:, :, :, ::-1])
    places = [(0, 0), (0, 116), (32, 0), (32, 116), (16, 58)]
    return [
        np.array(each[:, :, top : top + 224, left : left + 224])
        for each in (batch, mirrored)
        for top, left in places
    ]


def check_equal(extractor: Extractor, video: VideoRecord, folder: Path) -> None:
    """But for what JPEG loses and the filters differ."""
    mine, theirs = next(ours(extractor, video)), [crop[:1] for crop in peer(video, folder)]
    for one, other in zip(mine, theirs, strict=True):
        assert one.shape == other.shape == (1, 3, SEGMENT, 224, 224)
        assert (one - other).abs().mean() < 0.05


def render(path: Path, width: int, height: int) -> VideoRecord:
    """A grainy picture that moves, seeded."""
    random = np.random.default_rng(SEED)
    small = random.integers(0, 255, (height // 16, width // 16, 3), np.uint8)
    scene = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=30, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(N_FRAMES):
            grain = random.integers(0, 8, scene.shape, np.uint8)
            picture = np.asarray(cv2.add(np.roll(scene, 3 * number, 1), grain), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return VideoRecord(id=path.stem, path=str(path), n_frames=N_FRAMES)


if __name__ == "__main__":
    main()
