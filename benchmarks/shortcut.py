"""What facts of the files alone tell of labelled fights: the shortcut baseline, by source.

    python -m benchmarks.shortcut --fights FOLDER --folds 4 --seeds 5

FOLDER has `fight` and `noFight` with clips, and `clips.csv` with the columns clip and source. Facts
are those that an import stores: of the pictures in the file, in the order in which they are shown.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import av

from benchmarks import report
from ml.evaluation.shortcut import Baseline, Facts, shortcut_baseline
from ml.normal import NORMAL
from ml.splits.making import Grouped, make_folds
from ml.splits.tables import read_groups


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fights", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    table = given.fights / "clips.csv"
    sources = read_groups(table.read_bytes(), table.name)
    paths = {path.stem: path for path in sorted(given.fights.glob("*/*.mp4"))}
    facts = {name: facts_of(path) for name, path in paths.items()}
    videos = {
        kind: [
            Grouped(
                name=name,
                label=path.parent.name if path.parent.name == "fight" else NORMAL,
                group=sources[name]["source"] if kind == "by_source" else "",
            )
            for name, path in paths.items()
        ]
        for kind in ("by_source", "by_clip")
    }
    figures = {
        kind: figures_of([baseline(facts, each, given.folds, seed) for seed in range(given.seeds)])
        for kind, each in videos.items()
    }
    report.save("shortcut", figures, notes=(__doc__ or "").split("\n")[0])


def facts_of(path: Path) -> Facts:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        base = float(stream.time_base or 0)
        times = sorted(
            packet.pts * base for packet in container.demux(stream) if packet.pts is not None
        )
        rate = (len(times) - 1) / (times[-1] - times[0])
        seconds = len(times) / rate
        return Facts(
            frame_rate=rate,
            width=stream.width,
            height=stream.height,
            n_frames=len(times),
            seconds=seconds,
            has_sound=float(bool(container.streams.audio)),
            bit_rate=8 * path.stat().st_size / seconds,
        )


def baseline(facts: dict[str, Facts], videos: list[Grouped], n_folds: int, seed: int) -> Baseline:
    kinds = {video.name: video.label != NORMAL for video in videos}
    folds = [
        (_part(fold, "train", kinds), _part(fold, "test", kinds))
        for fold in make_folds(videos, n_folds, seed)
    ]
    return shortcut_baseline(facts, folds)


def _part(fold: Mapping[str, str], wanted: str, kinds: Mapping[str, bool]) -> dict[str, bool]:
    return {name: kinds[name] for name, part in fold.items() if part == wanted}


def figures_of(found: list[Baseline]) -> dict[str, Any]:
    pooled = [each.pooled for each in found if each.pooled and each.pooled.auroc is not None]
    aurocs = [each.auroc for each in pooled if each.auroc is not None]
    return {
        "pooled": [round(each, 4) for each in aurocs],
        "interval": [[round(end, 4) for end in each.interval or []] for each in pooled],
        "mean": round(fmean(aurocs), 4),
        "deviation": round(stdev(aurocs), 4) if len(aurocs) > 1 else None,
        "mean_of_folds": round(
            fmean(fold.auroc for each in found for fold in each.folds if fold.auroc is not None), 4
        ),
        "shares": {
            name: round(fmean(each.shares[name] for each in pooled), 3) for name in pooled[0].shares
        },
    }


if __name__ == "__main__":
    main()
