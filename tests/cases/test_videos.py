"""Videos and folders of frames as cameras, recorders and people leave them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cases.conftest import Case, Looked, said

Look = Callable[[Path], Looked]
AT_THE_END = (
    "40 of its 100 places hold no picture, as recorders mark dropped ones: 60 to 99; the frames "
    "around them keep their times"
)
IN_THE_MIDDLE = AT_THE_END.replace("40 of", "10 of").replace("60 to 99", "30 to 39")


def told(looked: Looked, *subjects: str) -> str:
    """All findings about these videos, or about all of them."""
    chosen = subjects or tuple(looked.findings)
    return "\n".join(each for subject in chosen for each in looked.findings.get(subject, []))


def test_dropped_places_are_told_on_the_command_line(case: Case) -> None:
    folder = case("avi_dropped_tail")

    end = said("probe", folder.with_suffix(".avi"))
    middle = said("probe", folder.with_name("avi_dropped_tail_middle.avi"))

    assert (end["n_frames"], middle["n_frames"]) == (60, 90)
    assert end["warnings"] == [AT_THE_END]
    assert middle["warnings"] == [IN_THE_MIDDLE]
    assert middle["is_variable_rate"]
    assert middle["duration_seconds"] == 4.0


def test_dropped_places_at_the_end_and_in_the_middle(case: Case, look: Look) -> None:
    """An event from 2 to 3 s lies after the 10 places that are empty in the middle."""
    folder = case("avi_dropped_tail")
    (folder / "test").mkdir(parents=True)
    (folder / "train").mkdir()
    folder.with_suffix(".avi").rename(folder / "train" / "end.avi")
    folder.with_name("avi_dropped_tail_middle.avi").rename(folder / "test" / "middle.avi")
    (folder / "test" / "middle.csv").write_text("start_seconds,end_seconds\n2,3\n")

    found = look(folder)

    assert {name: each["n_frames"] for name, each in found.videos.items()} == {
        "train/end": 60,
        "test/middle": 90,
    }
    assert found.truth == {"test/middle": [[40, 65]]}
    assert f"warning: {AT_THE_END}" in told(found, "train/end")
    assert f"warning: {IN_THE_MIDDLE}" in told(found, "test/middle")


def test_segments_that_are_joined(case: Case, look: Look) -> None:
    found = look(case("concatenated_ts"))

    video = found.videos["test/01"]
    assert (video["n_frames"], round(video["fps"], 6)) == (400, 25.0)
    assert round(video["duration_seconds"], 6) == 16.0
    assert found.truth == {"test/01": [[250, 300]]}


def test_two_bursts(case: Case, look: Look) -> None:
    assert look(case("vfr_seconds")).truth == {"test/01": [[125, 175]]}


def test_endings_of_recorders(case: Case, look: Look) -> None:
    found = look(case("endings"))

    assert found.truth == {"test/01": [[10, 20]], "test/02": [[10, 20]]}
    cams = [each for name, each in found.videos.items() if name.startswith("test/cam")]
    assert sorted(Path(each["path"]).suffix for each in cams) == [".3g2", ".asf", ".h264", ".vob"]
    assert {each["n_frames"] for each in cams} == {50}


def test_folders_of_frames(case: Case, look: Look) -> None:
    found = look(case("frame_folders"))

    counts = {name: each["n_frames"] for name, each in found.videos.items()}
    assert counts == {"train/a": 60, "test/gap": 97, "test/twice": 50, "test/extra": 50}
    assert (
        "error: 3 numbers are missing (30 to 32), so that frame 30 is the picture 0033.jpg"
        in told(found, "test/gap")
    )
    assert "there with two endings: 50 pictures" in told(found, "test/twice")
    assert "background.jpg, cover.png" in told(found, "test/extra")
    # Frame 60 of `gap` is picture 63 now, so it has none until somebody decides.
    assert found.truth == {"test/extra": [[30, 40]], "test/twice": [[30, 40]]}


def test_deep_pixels(case: Case, look: Look) -> None:
    found = look(case("deep_pixels"))

    assert found.videos["test/thermal"]["status"] == "ready"
    assert 51_241 <= found.videos["test/thermal"]["pixel_low"] < 51_300
    assert 52_100 < found.videos["test/thermal"]["pixel_high"] <= 52_181
    assert found.videos["test/floats"]["status"] == "rejected"
    assert "float" in found.videos["test/floats"]["reason"]
