"""Steps per second and memory of each one-class method, in this build against another one.

    git worktree add ../before COMMIT
    python -m benchmarks.builds ../before

Every method is trained on the same windows of the generated corridor by the child of either build,
with one thread, eight times in turn. Steps are counted between the first and the last point of
the curve, in seconds of the processor; of several trainings the fastest counts, and the smallest
memory at its highest (resident set, in MiB).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import report
from ml.data.corridor import render

SEED = 7
TURNS = 8
HERE = Path(__file__).parents[1]
METHODS: dict[str, dict[str, Any]] = {
    "conv_ae": {"input_size": 64, "channels": [32, 16, 8], "strides": [1]},
    "conv3d_ae": {"input_size": 32, "window": 8},
    "frame_prediction": {"input_size": 32, "width": 16},
    "st_gan_prediction": {"input_size": 32, "width": 16},
    "st_gan_reconstruction": {"input_size": 32, "width": 16},
}
N_VIDEOS = 2
CHILD = """
import json, resource, sys
from ml import child
from ml.reports import Reporter
points = []
def tell(event):
    if event["event"] == "failed":
        sys.exit(event["sentence"])
    if event["event"] == "point":
        used = resource.getrusage(resource.RUSAGE_SELF)
        points.append((event["step"], used.ru_utime + used.ru_stime))
status = child.run(json.load(open(sys.argv[1])), Reporter(tell))
(first, begun), (last, ended) = points[0], points[-1]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"steps_per_second": (last - first) / (ended - begun), "mib": peak}))
sys.exit(status)
"""


def main() -> None:
    other = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        render(folder / "corridor", seed=SEED)
        survey = [sys.executable, "-m", "ml", "survey", str(folder / "corridor")]
        subprocess.run([*survey, "--out", str(folder / "survey")], cwd=HERE, check=True)
        figures: dict[str, Any] = {method: measure(method, other, folder) for method in METHODS}
    figures["load"] = round(os.getloadavg()[0], 1)
    figures["before"] = commit_of(other)
    report.save("builds", figures, seed=SEED, notes=(__doc__ or "").split("\n")[0])


def measure(method: str, other: Path, folder: Path) -> dict[str, Any]:
    runs: dict[Path, list[dict[str, float]]] = {HERE: [], other: []}
    for turn in range(TURNS):
        for build in (HERE, other) if turn % 2 else (other, HERE):
            runs[build].append(trained(method, build, folder))
    now, before = (max(each["steps_per_second"] for each in runs[b]) for b in (HERE, other))
    mib, mib_before = (min(each["mib"] for each in runs[b]) for b in (HERE, other))
    return {
        "steps_per_second": round(now, 2),
        "steps_per_second_before": round(before, 2),
        "speed_against_before": round(now / before, 3),
        "mib": round(mib),
        "mib_before": round(mib_before),
    }


def trained(method: str, build: Path, folder: Path) -> dict[str, float]:
    spec = folder / "spec.json"
    out = folder / f"out-{time.monotonic_ns()}"
    spec.write_text(json.dumps(spec_of(method, folder, out)))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(spec)],
        env=os.environ | {"PYTHONPATH": str(build)}, cwd=folder, check=True,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def spec_of(method: str, folder: Path, out: Path) -> dict[str, Any]:
    """Fields that a build may not know are left out."""
    manifest = json.loads((folder / "survey" / "manifest.json").read_text())
    training = [video for video in manifest["videos"] if video["part"] == "train"][:N_VIDEOS]
    videos = [{key: value for key, value in video.items() if value} for video in training]
    return {
        "verb": "train", "method": method, "config": METHODS[method] | {"epochs": 1},
        "seed": SEED, "videos": videos, "out_dir": str(out), "device": "cpu", "threads": 1,
    }  # fmt: skip


def commit_of(build: Path) -> str:
    command = ["git", "-C", str(build), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
