"""What this site gives away can be brought again, and gives the same numbers."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from django.test import Client

from ml.records import Scores
from ml.scores.files import Layout, read
from tests.factories.datasets import SplitMemberFactory, VideoFactory
from tests.factories.results import add_to_test, labelled_run
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team, User
from webapp.datasets.models import Part, Video
from webapp.results.models import Evaluation, ScoreSet
from webapp.results.scores.reading import read_scores, read_validation
from webapp.results.scores.storing import save_scores
from webapp.results.scores.uploads import create_uploaded_run, find_video, store_score_set
from webapp.results.scores.virtual import create_virtual_run
from webapp.runs.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("eager_worker")]

BINARY = "application/octet-stream"
NAN = None
# Names as people give them, and everything that a score may be.
TESTED: dict[str, dict[str, Any]] = {
    "01": {"scores": [0.5, 0.25, 1, 0, 3, 2, 7, 8]},
    "cam.a/007": {"scores": [0.1, 0.1 + 1e-12, -1e30, 1e-300, 2**24 + 1.0, 5, 6, 1 / 3]},
    "test/Caf\u00e9, 2.v1": {"scores": [2, 3, 4.5, 1e-46], "first_frame": 3, "missing_at_end": 1},
    "-x": {"scores": [1, None, 0.1, None, None, 3, 2, 0.7], "missing": "allowed"},
    "=1+2": {"scores": [1, 2, 3], "frames_per_value": 3},
    "''x": {"scores": [2, 0.1], "frames_per_value": 3, "tail": "none"},
    "b/01": {"scores": [None, 4, None, 6], "frames_per_value": 2, "missing": "allowed"},
    "short": {"scores": [], "first_frame": 9},
}
HELD_OUT = {"val/x": {"scores": [0.3] * 7 + [9]}, "val/-x": {"scores": [1, 2], "first_frame": 6}}
N_FRAMES = 8
LABELS = [0, 0, 0, 1, 1, 0, 0, 1]


@pytest.fixture
def template(team: Team) -> Run:
    """Eight test videos, two of validation."""
    template = RunFactory.create(team=team)
    for name in TESTED:
        video = VideoFactory.create(dataset=template.dataset, name=name, n_frames=N_FRAMES)
        add_to_test(template, video, LABELS)
    for name in HELD_OUT:
        video = VideoFactory.create(
            dataset=template.dataset, name=name, n_frames=N_FRAMES, label="normal"
        )
        SplitMemberFactory.create(split=template.split, video=video, part=Part.VALIDATION)
    return template


def waiting(template: Run, by: User) -> Run:
    return create_uploaded_run(
        team=template.team,
        dataset=template.dataset,
        split=template.split,
        method_title="X",
        by=by,
    )


@pytest.fixture
def first(template: Run, bob: User) -> Run:
    run = waiting(template, bob)
    data = json.dumps(TESTED | HELD_OUT).encode()
    assert store_score_set(run=run, data=data, layout=Layout(), by=bob).is_complete
    return Run.objects.get(pk=run.pk)


def scores_of(run: Run) -> dict[str, Scores]:
    score_set = ScoreSet.objects.select_related("run").get(run=run)
    return read_scores(score_set) | read_validation(score_set)


def assert_same(run: Run, first: Run) -> None:
    """The same scores on all frames, bit by bit, and all numbers under all protocols."""
    before, after = scores_of(first), scores_of(run)
    assert before.keys() == after.keys()
    assert len(before) == len(TESTED) + len(HELD_OUT)
    for pk, each in before.items():
        frames = each.to_frames(N_FRAMES).astype(np.float64)
        np.testing.assert_array_equal(after[pk].to_frames(N_FRAMES).astype(np.float64), frames)
    numbers = [
        [
            (each.metrics, each.intervals, each.counts, each.thresholds, each.per_video)
            for each in Evaluation.objects.filter(score_set__run=of).order_by("protocol__slug")
        ]
        for of in (first, run)
    ]
    assert len(numbers[0]) >= 5
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize(
    ("format", "query"), [("zip", ""), ("json", ""), ("csv", "?missing=allowed")]
)
@pytest.mark.parametrize("address", ["/runs/{}/scores.{}", "/api/v1/runs/{}/scores.{}"])
def test_all_scores_come_back(
    as_bob: Client, bob: User, first: Run, format: str, query: str, address: str
) -> None:
    response = as_bob.get(address.format(first.pk, format))
    assert response.headers["Content-Disposition"].endswith(f'-scores.{format}"')
    run = waiting(first, bob)

    answer = as_bob.put(f"/api/v1/runs/{run.pk}/scores{query}", response.getvalue(), BINARY)

    assert answer.json().get("is_complete"), answer.json()
    assert_same(run, first)


@pytest.mark.parametrize("format", ["zip", "json"])
def test_scores_that_come_back_in_their_resolution_are_the_same_set(
    as_bob: Client, bob: User, first: Run, format: str
) -> None:
    """So much the same that sending them to the run itself changes nothing."""
    data = as_bob.get(f"/runs/{first.pk}/scores.{format}").getvalue()

    answer = as_bob.put(f"/api/v1/runs/{first.pk}/scores", data, BINARY)

    assert answer.status_code == 200
    run = waiting(first, bob)
    as_bob.put(f"/api/v1/runs/{run.pk}/scores", data, BINARY)
    assert {pk: each.to_bytes() for pk, each in scores_of(run).items()} == {
        pk: each.to_bytes() for pk, each in scores_of(first).items()
    }


@pytest.mark.parametrize(("format", "query"), [("json", ""), ("npy", "?missing=allowed")])
def test_video_by_video_they_come_back(
    as_bob: Client, bob: User, first: Run, format: str, query: str
) -> None:
    run = waiting(first, bob)
    videos = [find_video(first, name) for name in (*HELD_OUT, *TESTED)]
    for video in videos:
        given = as_bob.get(f"/api/v1/runs/{first.pk}/scores/{video.pk}?format={format}")
        answer = as_bob.put(
            f"/api/v1/runs/{run.pk}/scores/{video.pk}{query}", given.content, BINARY
        )
        assert answer.status_code == 200, answer.json()

    assert answer.json()["is_complete"]
    assert_same(run, first)
    if format == "json":
        ours, theirs = (scores_of(each) for each in (run, first))
        assert {pk: e.layout for pk, e in ours.items()} == {
            pk: e.layout for pk, e in theirs.items()
        }


def test_what_lacks_a_word_about_frames_without_a_score_is_refused(
    as_bob: Client, bob: User, first: Run
) -> None:
    run = waiting(first, bob)
    video = find_video(first, "-x")
    npy = as_bob.get(f"/api/v1/runs/{first.pk}/scores/{video.pk}?format=npy").content

    answer = as_bob.put(f"/api/v1/runs/{run.pk}/scores/{video.pk}", npy, BINARY)

    assert answer.status_code == 422
    assert "-x: 3 of 8 scores are empty or NaN, the first at frame 1" in answer.json()["detail"]
    assert "say missing=allowed" in answer.json()["detail"]


def test_scores_of_a_mix_come_back(as_bob: Client, bob: User, first: Run) -> None:
    recipe = {"members": [{"run": first.pk, "calibration": "per_video"}], "smoothing": "mean"}
    mixed = create_virtual_run(team=first.team, recipe=recipe | {"smoothing_frames": 3}, by=bob)
    for format in ("zip", "json"):
        run = waiting(first, bob)
        data = as_bob.get(f"/runs/{mixed.pk}/scores.{format}").getvalue()

        as_bob.put(f"/api/v1/runs/{run.pk}/scores", data, BINARY)

        assert_same(run, mixed)


def test_a_table_names_videos_so_that_no_spreadsheet_runs_them(as_bob: Client, first: Run) -> None:
    text = as_bob.get(f"/runs/{first.pk}/scores.csv").getvalue().decode()

    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["video", "frame", "score"]
    assert len(rows) == 1 + N_FRAMES * (len(TESTED) + len(HELD_OUT))
    assert {row[0] for row in rows[1:]} >= {"'-x", "'=1+2", "01"}
    assert ["cam.a/007", "3", "1e-300"] in rows
    assert ["'-x", "1", ""] in rows


def test_test_videos_come_first_in_their_order(as_bob: Client, first: Run) -> None:
    names = list(json.loads(as_bob.get(f"/runs/{first.pk}/scores.json").getvalue()))

    assert names[-2:] == ["val/-x", "val/x"]
    assert names[: len(TESTED)] == [
        "''x", "-x", "=1+2", "b/01", "cam.a/007", "short", "test/Caf\u00e9, 2.v1", "01",
    ]  # fmt: skip


def test_names_that_a_table_cannot_tell_apart_are_refused(
    as_bob: Client, bob: User, team: Team
) -> None:
    """What spreadsheets would run gets an apostrophe, and another name has one already."""
    template = labelled_run({"=1": [0], "'=1": [0]}, team=team)
    run = waiting(template, bob)

    for data in (b"video,score\n'=1,1\n", b"video,score\n=1,1\n'=1,2\n"):
        answer = as_bob.put(f"/api/v1/runs/{run.pk}/scores", data, BINARY)
        assert answer.json()["code"] == "unknown_video"


def test_unknown_formats_and_runs_without_scores(as_bob: Client, bob: User, first: Run) -> None:
    for address in ("/runs/{}/scores.{}", "/api/v1/runs/{}/scores.{}"):
        assert as_bob.get(address.format(first.pk, "xlsx")).status_code == 404
        assert as_bob.get(address.format(waiting(first, bob).pk, "csv")).status_code == 404


def test_page_leads_to_the_files(as_bob: Client, first: Run) -> None:
    page = as_bob.get(first.get_absolute_url()).content.decode()

    for format in ("zip", "json", "csv"):
        assert f'href="/runs/{first.pk}/scores.{format}"' in page


def test_what_the_command_line_leaves_can_be_brought(
    as_bob: Client, bob: User, team: Team, tmp_path: Any
) -> None:
    """The folder of `python -m ml score`, as a zip."""
    template = labelled_run({"test/01": [0, 1, 1], "02": [0, 0]}, team=team)
    run = waiting(template, bob)
    index = {
        "rule": "all",
        "scores": {
            "test/01": {"file": "scores-00000.npy", "first_frame": 1, "frames_per_value": 1},
            "02": {"file": "scores-00001.npy", "first_frame": 0, "frames_per_value": 1},
        },
    }
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        for name, values in (("00000", [3, 4]), ("00001", [1, 2])):
            np.save(tmp_path / "x.npy", np.float32(values))
            archive.write(tmp_path / "x.npy", f"out/scores-{name}.npy")
        archive.writestr("out/scores.json", json.dumps(index))
        archive.writestr("out/maps-00000.png", b"\x89PNG")

    answer = as_bob.put(
        f"/api/v1/runs/{run.pk}/scores", (tmp_path / "out.zip").read_bytes(), BINARY
    )

    assert answer.json()["is_complete"], answer.json()
    frames = {
        Video.objects.get(pk=pk).name: each.to_frames(3).tolist()
        for pk, each in scores_of(run).items()
    }
    none = pytest.approx(np.nan, nan_ok=True)
    assert frames == {"test/01": [none, 3, 4], "02": [1, 2, none]}


def test_a_million_scores_come_back_and_are_read_again(
    as_bob: Client, bob: User, team: Team
) -> None:
    """290 videos of 3,800 frames, as the test part of UCF-Crime has them."""
    template = RunFactory.create(team=team)
    rng = np.random.default_rng(0)
    scores = {}
    videos = Video.objects.bulk_create(
        Video(dataset=template.dataset, name=f"v/{n:03}", kind="listed", status="ready",
              n_frames=3_800, fps=25)
        for n in range(290)
    )  # fmt: skip
    for video in videos:
        SplitMemberFactory.create(split=template.split, video=video, part="test")
        scores[video.pk] = Scores(values=rng.random(3_800))
    save_scores(run=template, job=None, scores=scores, rule="each frame")

    found = read(as_bob.get(f"/runs/{template.pk}/scores.csv").getvalue())

    assert sum(len(each.values) for each in found.by_video.values()) == 1_102_000
