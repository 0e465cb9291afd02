"""What the walls around a job cost: its start, its decoding and its training, against none.

    python -m benchmarks.walls

Two children each, in turn, within walls and without: one that does nothing, and one that decodes a
video of 1,500 frames and takes 20 steps of a 3-D convolution. Each tells what processor time it
took; by the clock its walls are counted in.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import django

from benchmarks import report
from benchmarks.extraction_memory import render

N_FRAMES, N_PAIRS = 1_500, 5
TELL = "\nimport time; print(time.process_time())"
NOTHING = ["-ISc", TELL]
WORK = """
import sys, torch
from ml.data.video.decode import decode
from ml.records import VideoRecord
torch.set_num_threads(1)
n = int(sys.argv[2])
video = VideoRecord.from_json({"id": "1", "path": sys.argv[1], "n_frames": n})
assert sum(1 for frame in decode(video)) == n
net, x = torch.nn.Conv3d(8, 8, 3, padding=1), torch.randn(4, 8, 16, 56, 56)
for _ in range(20):
    net(x).square().mean().backward()
"""


def main() -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "webapp.settings", "IWAKAN_HTTPS": "false",
        "IWAKAN_SECRET_KEY": "benchmark only, long enough to satisfy the checks",
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        os.environ["IWAKAN_DATA_ROOTS"] = name
        django.setup()
        folder = Path(name) / "work"
        folder.mkdir()
        video = render(Path(name), N_FRAMES)
        work = ["-c", WORK + TELL, video.path, str(N_FRAMES)]
        figures = {
            name: measure(arguments, folder, video.path)
            for name, arguments in (("start", NOTHING), ("work", work))
        }
    report.save("walls", figures, notes=(__doc__ or "").split("\n")[0])


def measure(arguments: Sequence[str], folder: Path, video: str) -> dict[str, float]:
    """Medians over pairs: seconds by the clock and of the processor, within walls and without."""
    from workers import walls

    command = [sys.executable, *arguments]
    walled = walls.around(command, folder=folder, spec={"path": video})
    assert walled != command, walls.standing().why_not
    pairs = [(spent(walled, folder), spent(command, folder)) for _ in range(N_PAIRS)]
    names = ("walls_seconds", "walls_cpu_seconds", "none_seconds", "none_cpu_seconds")
    columns = zip(*((*within, *without) for within, without in pairs), strict=True)
    medians = dict(zip(names, map(statistics.median, columns), strict=True))
    ratio = statistics.median(without[1] / within[1] for within, without in pairs)
    return medians | {"as_fast_by_cpu": ratio}


def spent(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Seconds by the clock, and of the processor."""
    from workers.child import environment

    started = time.perf_counter()
    told = subprocess.run(
        command, env=environment(folder), cwd=folder, check=True, capture_output=True, text=True
    )
    return time.perf_counter() - started, float(told.stdout)


if __name__ == "__main__":
    main()
