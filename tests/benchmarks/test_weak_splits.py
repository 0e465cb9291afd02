"""Manifests that benchmarks write are read as they are meant."""

from __future__ import annotations

from pathlib import Path

from benchmarks.weak_splits import row, save
from ml.data.survey import survey_to_manifest
from ml.reports import to_nobody
from tests import toys


def test_all_events_of_a_test_video_are_read_and_none_of_a_training_video(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    events = [(2, 5), (5, 9)]
    for name in ("a.mp4", "b.mp4"):
        toys.moving_square_video(folder / name, 12)
    rows = [
        row("a.mp4", part="train", intervals=events),
        row("b.mp4", part="test", intervals=events),
    ]

    save(rows, folder / "manifest.csv")

    found = survey_to_manifest(folder, tmp_path / "out", to_nobody())
    intervals = {
        Path(video.name).name: [(each.start_frame, each.end_frame) for each in video.intervals]
        for video in found.videos
    }
    assert [video.label for video in found.videos] == ["abnormal", "abnormal"]
    assert intervals == {"a.mp4": [], "b.mp4": [(2, 5), (5, 9)]}
