"""Ground truth laid against the videos of UCF-Crime, here and by an earlier build of ours.

Each form of ground truth is laid in turn by both, in processes of their own, and the ratio of
the median CPU seconds is reported. The lengths are those of published lists, which say them:

    python -m benchmarks.laying --lengths train.txt test.txt [--before d2efbae]
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import report

BEFORE = "d2efbae"  # the last build that laid ground truth in two programs
ROUNDS = 5
SEED = 0
ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", type=Path, nargs="+", required=True)
    parser.add_argument("--before", default=BEFORE, help="a commit to compare with")
    options = parser.parse_args()
    counts = _counts(options.lengths)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "counts.json").write_text(json.dumps(counts))
        _unpack(options.before, place / "before")
        report.save("laying", _measured(place, counts, options.before), seed=SEED)


def _counts(paths: list[Path]) -> list[int]:
    from ml.data.listed import list_videos

    listed = [video for path in paths for video in list_videos(path).videos]
    return [video.n_frames for video in listed if video.n_frames]


def _unpack(commit: str, folder: Path) -> None:
    done = subprocess.run(
        ["git", "archive", commit, "ml"], cwd=ROOT, capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def _measured(place: Path, counts: list[int], before: str) -> dict[str, Any]:
    rounds: dict[str, list[dict[str, float]]] = {"ours": [], "before": []}
    for _ in range(ROUNDS):
        rounds["ours"].append(_laid(ROOT, place))
        rounds["before"].append(_laid(place / "before", place))
    seconds = {
        who: {form: statistics.median(each[form] for each in of_who) for form in of_who[0]}
        for who, of_who in rounds.items()
    }
    totals = {who: sum(of_who.values()) for who, of_who in seconds.items()}
    return {
        "n_videos": len(counts),
        "n_frames": sum(counts),
        "before": before,
        "cpu_seconds": seconds,
        "times_faster": {
            form: seconds["before"][form] / value for form, value in seconds["ours"].items()
        },
        "all_forms_times_faster": totals["before"] / totals["ours"],
    }


def _laid(build: Path, place: Path) -> dict[str, float]:
    """CPU seconds by form, of one process of the build."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "laying_child.py"), str(place / "counts.json")],
        cwd=build,
        env={"PYTHONPATH": str(build), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
