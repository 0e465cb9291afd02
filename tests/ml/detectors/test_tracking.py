"""Who of one frame is who of the next, and the regions of whole videos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml import verbs
from ml.bad_input import BadInput
from ml.cli import main
from ml.clock import Clock
from ml.detectors import Found, create_detector, find_regions
from ml.detectors._base import DetectorOptions
from ml.detectors.tracking import Track, Tracker, around, pieces_of
from ml.records import Box, Manifest, VideoRecord
from ml.regions import read_regions
from ml.reports import Event, Reporter
from tests.detecting import darknet_files, options
from tests.toys import moving_square_video


def walker(left: float, top: float = 10) -> list[float]:
    return [left, top, left + 20, top + 40]


def found(*boxes: list[float]) -> Found:
    return Found(boxes=np.array(boxes, float).reshape(-1, 4), scores=np.ones(len(boxes)))


def tracked(frames: dict[int, Found], **changes: Any) -> list[Track]:
    given: dict[str, Any] = {"every": 1, "shortest": 2, "longest_gap": 3}
    tracker = Tracker(DetectorOptions(**given | changes))
    ended = [track for number, each in frames.items() for track in tracker.take(number, each)]
    return sorted(ended + tracker.end(), key=lambda track: track.number)


def test_two_who_pass_each_other_stay_themselves() -> None:
    frames = {n: found(walker(2.0 * n), walker(100 - 2.0 * n, top=30)) for n in range(50)}

    one, other = tracked(frames)

    assert [box[0] for box in one.boxes] == [2.0 * n for n in range(50)]
    assert [box[0] for box in other.boxes] == [100 - 2.0 * n for n in range(50)]


def test_a_gap_is_bridged_and_interpolated_and_a_longer_one_is_not() -> None:
    def seen(missing: range) -> dict[int, Found]:
        return {n: found() if n in missing else found(walker(n)) for n in range(12)}

    [track] = tracked(seen(range(4, 7)))
    assert track.interpolated(4, 7)[:, 0].tolist() == [4, 5, 6]

    before, after = tracked(seen(range(4, 8)))
    assert (before.frames[-1], after.frames[0]) == (3, 8)


def test_who_is_seen_too_shortly_is_nobody() -> None:
    frames = {n: found(walker(0)) if 3 <= n < 6 else found() for n in range(20)}

    assert len(tracked(frames, shortest=3)) == 1
    assert tracked(frames, shortest=4) == []


def test_of_two_near_ones_the_nearest_goes_on() -> None:
    [track, other] = tracked({0: found(walker(0)), 1: found(walker(5), walker(1)), 2: found(
        walker(5), walker(1))})  # fmt: skip

    assert [box[0] for box in track.boxes] == [0, 1, 1]
    assert [box[0] for box in other.boxes] == [5, 5]


def test_a_box_holds_all_of_a_piece_and_a_margin_inside_the_picture() -> None:
    track = Track(number=3, frames=[0, 99], boxes=[np.array(walker(0)), np.array(walker(99))])
    long = DetectorOptions(longest_seconds=5, margin=0.1)

    one, other = pieces_of(track, Clock.constant(100, 10), (60, 110), long)

    assert (one.start_frame, one.end_frame, other.start_frame, other.end_frame) == (0, 50, 50, 100)
    assert one.box == Box(left=0, top=6, width=76, height=48)  # 0…69 wide, and 6.9 more
    assert (other.box.left, other.box.width) == (43, 67)  # to the edge at 110
    assert (one.track, other.track) == (3, 3)


def test_a_box_has_a_pixel_at_least() -> None:
    assert around(np.array([[110.0, 60, 110, 60]]), (60, 110), 0.0) == Box(
        left=109, top=59, width=1, height=1
    )


def test_a_video_becomes_regions(tmp_path: Path) -> None:
    path = moving_square_video(tmp_path / "a.mp4", 40)
    detector = create_detector("darknet", options(), darknet_files(tmp_path))

    regions = find_regions(detector, VideoRecord(id="a", path=str(path), n_frames=40))

    assert (regions.n_looked_at, regions.n_tracks >= 1) == (20, True)
    first = regions.pieces[0]
    assert first.start_frame == 0
    assert first.box.top <= 30 <= first.box.top + first.box.height  # where the square moves
    assert first.end_frame <= 40
    again = find_regions(detector, VideoRecord(id="a", path=str(path), n_frames=40))
    assert again == regions


def spec_of(folder: Path, *videos: VideoRecord) -> dict[str, Any]:
    return {
        "verb": "detect", "detector": "darknet", "options": options(),
        "files": {name: str(path) for name, path in darknet_files(folder).items()},
        "videos": [vars(video) for video in videos], "out_dir": str(folder / "out"), "threads": 1,
    }  # fmt: skip


def test_the_verb_tells_of_each_video_and_goes_on_after_a_bad_one(tmp_path: Path) -> None:
    good = moving_square_video(tmp_path / "a.mp4", 40)
    (tmp_path / "b.mp4").write_bytes(b"no video")
    videos = [VideoRecord(id=each, path=str(tmp_path / f"{each}.mp4")) for each in "ba"]
    told: list[Event] = []

    verbs.find("detect")(spec_of(tmp_path, *videos), Reporter(told.append))

    [fault] = [event for event in told if event["event"] == "finding"]
    assert fault["level"] == "error"
    assert fault["subject"].endswith("b.mp4")
    [made] = [event for event in told if event["event"] == "regions"]
    assert (made["video_id"], made["n_looked_at"]) == ("a", 20)
    assert len(json.loads(Path(made["path"]).read_text())) == made["n_regions"] >= 1
    [facts] = [event["values"] for event in told if event["event"] == "detector"]
    assert facts["detector"] == "darknet"
    assert good.exists()


def test_nobody_in_a_video_is_told(tmp_path: Path) -> None:
    path = moving_square_video(tmp_path / "a.mp4", 12)
    told: list[Event] = []
    spec = spec_of(tmp_path, VideoRecord(id="a", path=str(path)))
    spec["options"]["shortest"] = 100

    verbs.find("detect")(spec, Reporter(told.append))

    [finding] = [event for event in told if event["event"] == "finding"]
    assert "none of a person who was seen long enough" in finding["text"]


def test_from_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = moving_square_video(tmp_path / "a.mp4", 40)
    manifest = tmp_path / "manifest.json"
    Manifest(videos=(VideoRecord(id="a", path=str(path), n_frames=40),)).save(manifest)
    files = [f"--file={name}={path}" for name, path in darknet_files(tmp_path).items()]
    chosen = [f"--set={name}={value}" for name, value in options().items()]

    out = tmp_path / "out"
    status = main(["detect", "--detector=darknet", *files, *chosen, f"--manifest={manifest}",
                   f"--out={out}"])  # fmt: skip

    assert status == 0, capsys.readouterr().err
    regions = read_regions((out / "regions.csv").read_bytes(), "regions.csv")
    assert (regions[0].video, regions[0].track) == ("a", 1)
    assert regions[0].box is not None
    main(["detectors"])
    assert "licence: Apache-2.0" in capsys.readouterr().out


def test_a_track_of_a_table_is_a_number() -> None:
    with pytest.raises(BadInput, match="-1 is no number of a track"):
        read_regions(b"video,frame,track\na,1,-1\n", "r.csv")
    [region] = read_regions(b"video,frame,track_id\na,1,7\n", "r.csv")
    assert region.track == 7
