"""Every reader that is registered is asked the same: right, refused, or taken with a finding.

A new reader without a sample fails here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ml.data.truth.formats import load_formats, read_annotations
from ml.data.truth.rows import Alignment
from ml.data.truth.videos import KnownVideo
from ml.findings import Finding
from ml.records import BadInput
from tests.ml.data.truth.formats.samples import END, FPS, N_FRAMES, SAMPLES, START, Sample
from tests.ml.data.truth.laying import align

READERS = sorted(load_formats())
TRUE = [(START, END)]
LONGEST = 400  # letters of a refusal, which is one sentence and no list of formats


def sample_of(name: str) -> Sample:
    if name not in SAMPLES:
        pytest.fail(f"{name} has no sample in samples.py")
    return SAMPLES[name]


def lay(
    path: Path, *videos: str, n_frames: int = N_FRAMES, options: dict[str, Any] | None = None
) -> Alignment:
    known = [KnownVideo(name=each, n_frames=n_frames, fps=FPS, part="test") for each in videos]
    return align(read_annotations(path, options=options), known)


def tried(
    path: Path, sample: Sample, options: dict[str, Any] | None = None
) -> tuple[Alignment | None, str]:
    """What came of it, or why it was refused."""
    try:
        return lay(path, sample.video, options=options), ""
    except BadInput as error:
        return None, str(error)


def spans(found: Alignment) -> list[tuple[int, int]]:
    return [(each.start_frame, each.end_frame) for row in found.rows for each in row.intervals]


def said(found: Alignment) -> list[Finding]:
    """What a person has to look at."""
    notes = [note for row in found.rows for note in row.notes]
    return [each for each in (*found.findings, *notes) if each.level != "info"]


def expected(sample: Sample) -> list[tuple[int, int]]:
    return [] if sample.unit == "none" else TRUE


@pytest.mark.parametrize("name", READERS)
def test_what_it_says_is_laid_on_the_right_frames(tmp_path: Path, name: str) -> None:
    sample = sample_of(name)

    found = lay(sample.write(tmp_path, False, False), sample.video)

    assert found.annotations.format == name
    assert spans(found) == expected(sample)
    others = [each for each in said(found) if "not in the dataset" not in each.text]
    assert others == []


@pytest.mark.parametrize("name", [each for each in READERS if sample_of(each).marks])
def test_stretches_that_are_normal_make_nothing_abnormal(tmp_path: Path, name: str) -> None:
    sample = sample_of(name)
    path = sample.write(tmp_path, True, False)

    found = lay(path, sample.video)

    assert spans(found) == TRUE
    [told] = [each for each in found.findings if each.text.startswith("taken as normal")]
    assert "(1 stretch, 1 video)" in told.text


@pytest.mark.parametrize("name", [each for each in READERS if sample_of(each).calls])
def test_events_of_a_video_that_is_called_normal_are_told(tmp_path: Path, name: str) -> None:
    sample = sample_of(name)

    found = lay(sample.write(tmp_path, True, False), sample.video)

    assert spans(found) == TRUE
    assert any("called normal, but with abnormal stretches" in each.text for each in said(found))


@pytest.mark.parametrize("label", ["fall", " FALL "])
@pytest.mark.parametrize("name", ["activitynet", "boris", "cvat", "elan", "interval_json",
                                  "interval_table", "label_studio", "via"])  # fmt: skip
def test_labels_that_are_normal_in_a_dataset(tmp_path: Path, name: str, label: str) -> None:
    path = sample_of(name).write(tmp_path, False, False)

    found = lay(path, "01", options={"normal_labels": [label]})

    assert spans(found) == []
    assert any(each.text.startswith("taken as normal: 'fall'") for each in found.findings)


@pytest.mark.parametrize("name", READERS)
def test_namesakes_get_nothing_by_chance(tmp_path: Path, name: str) -> None:
    sample = sample_of(name)
    path = sample.write(tmp_path, False, False)

    found = lay(path, f"cam1/{sample.video}", f"cam2/{sample.video}")

    assert spans(found) == []
    assert any(each.level == "error" for each in said(found))


@pytest.mark.parametrize("name", [each for each in READERS if sample_of(each).states_count])
def test_another_count_is_told(tmp_path: Path, name: str) -> None:
    sample = sample_of(name)

    found = lay(sample.write(tmp_path, False, False), sample.video, n_frames=400)

    [row] = [row for row in found.rows if row.video]
    assert [note for note in row.notes if note.level != "info"] or row.repairs


@pytest.mark.parametrize("name", READERS)
def test_what_nobody_can_be_certain_of_is_refused_or_told(tmp_path: Path, name: str) -> None:
    sample = sample_of(name)
    path = sample.write(tmp_path, False, True)

    found, refusal = tried(path, sample)

    if found is None:
        assert len(refusal) < LONGEST
    else:
        assert [each for each in said(found) if each.level == "error"]


@pytest.mark.parametrize("name", READERS)
def test_another_first_frame_is_used_or_told(tmp_path: Path, name: str) -> None:
    sample = sample_of(name)
    path = sample.write(tmp_path, False, False)

    found, refusal = tried(path, sample, {"base": 1 - sample.base})

    if found is None:
        assert "where frames are to count from 1" in refusal
    elif sample.unit == "frames":
        shift = 2 * sample.base - 1
        assert spans(found) == [(START + shift, END + shift)]
    else:
        assert spans(found) == expected(sample)
        assert any("changes nothing" in each.text for each in said(found))


@pytest.mark.parametrize("name", READERS)
def test_another_end_is_used_or_told(tmp_path: Path, name: str) -> None:
    sample = sample_of(name)
    path = sample.write(tmp_path, False, False)
    end = "exclusive" if load_formats()[name].reading.end == "inclusive" else "inclusive"

    found = lay(path, sample.video, options={"end": end})

    if sample.unit == "frames":
        assert spans(found) == [(START, END + (1 if end == "inclusive" else -1))]
    else:
        assert spans(found) == expected(sample)
        assert any("changes nothing" in each.text for each in said(found))


@pytest.mark.parametrize("name", READERS)
def test_another_rate_is_used_or_told(tmp_path: Path, name: str) -> None:
    """Twice the video's: its numbers mean half as many frames."""
    sample = sample_of(name)
    path = sample.write(tmp_path, False, False)

    found = lay(path, sample.video, options={"rate": 2 * FPS})

    if sample.unit == "frames" and not counts_as_the_video(found):
        assert spans(found) == [(START // 2, END // 2)]
        assert "resample" in found.repairs
    else:
        assert spans(found) == expected(sample)
        assert sample.unit == "frames" or any(
            "changes nothing" in each.text for each in said(found)
        )


def counts_as_the_video(found: Alignment) -> bool:
    """A file that has the video's own number of frames cannot count at another rate."""
    return any(row.implied_n_frames == N_FRAMES for row in found.rows)


@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_refused_or_told(tmp_path: Path, name: str) -> None:
    sample = sample_of(name)
    path = sample.write(tmp_path, False, False)
    files = [each for each in sorted(path.rglob("*")) if each.is_file()]
    file = files[0] if files else path
    whole = file.read_bytes()
    n_cuts = 4 if file.suffix == ".mat" else 24  # SciPy reads each of them slowly

    for cut in range(1, n_cuts):
        file.write_bytes(whole[: cut * len(whole) // n_cuts])
        found, refusal = tried(path, sample)
        if found is None:
            assert 0 < len(refusal) < LONGEST
        else:
            assert spans(found) == expected(sample) or said(found) or found.repairs
