"""A folder of published features becomes a dataset: through real jobs with their children."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.annotation_imports import accept_annotation_import, needed_repairs
from webapp.datasets.listing import FOLDER_NAME, create_listed_dataset
from webapp.datasets.models import AnnotationImport, Dataset, FeatureSet
from webapp.datasets.published import PRESETS, create_published_dataset, features_folder_of
from webapp.jobs.models import Job, WorkerNode
from webapp.results.studies.printed import benchmarks_printed
from webapp.results.studies.reported import BENCHMARKS
from workers import supervisor

ANNOTATION = "Abuse028_x264.mp4  Abuse  16  40  -1  -1  \n"


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_ROOTS = [str(tmp_path)]
    folder = tmp_path / "ucf"
    for name, n_rows in (
        ("Train_ten_crop_i3d/Abuse001_x264_i3d", 3),
        ("Train_ten_crop_i3d/Normal_Videos001_x264_i3d", 2),
        ("Test_ten_crop_i3d/Abuse028_x264_i3d", 4),
    ):
        path = folder / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.random.default_rng(n_rows).random((n_rows, 10, 4), np.float32))
    (folder / "Temporal_Anomaly_Annotation.txt").write_text(ANNOTATION)
    return folder


@pytest.fixture
def work(worker: WorkerNode) -> Callable[[], None]:
    """Run the next job of the queue to its end, with a real child."""
    return lambda: supervisor.run_next("cpu", worker=worker)


def register(team: Team, by: User, **changes: Any) -> Dataset:
    answers = {"name": "UCF", "benchmark": "ucf-crime", "folder": "ucf"} | changes
    return create_published_dataset(team=team, **answers, by=by)


def test_videos_parts_truth_and_features_follow_from_a_folder(
    folder: Path, work: Callable[[], None], team: Team, bob: User
) -> None:
    dataset = register(team, bob)
    for _ in range(3):  # the import, the ground truth, the features
        work()

    assert {job.status for job in Job.objects.all()} == {Job.Status.SUCCEEDED}
    dataset.refresh_from_db()
    assert (dataset.benchmark, dataset.fps, dataset.is_listed) == ("ucf-crime", 30, True)
    rows = dataset.videos.order_by("name").values_list("name", "n_frames", "label", "part")
    assert list(rows) == [
        ("Abuse001_x264", 48, "Abuse", "train"),
        ("Abuse028_x264", 64, "Abuse", "test"),
        ("Normal_Videos001_x264", 32, "normal", "train"),
    ]
    features = FeatureSet.objects.get(dataset=dataset)
    assert (features.state, features.n_crops, features.dimension) == ("ready", 10, 4)
    assert features.files.count() == 3
    draft = AnnotationImport.objects.get(dataset=dataset)
    repairs = list(needed_repairs(draft.alignment))
    truth = accept_annotation_import(draft=draft, repairs=repairs, by=bob)
    spans = truth.intervals.values_list("video__name", "start_frame", "end_frame")
    assert list(spans) == [("Abuse028_x264", 16, 40)]
    work()  # nothing is left to do
    assert Job.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"benchmark": "avenue"}, "benchmark"), ({"folder": "../x"}, "folder"), ({"name": " "}, "")],
)
def test_what_cannot_be_is_refused_before_anything_is_stored(
    folder: Path, team: Team, bob: User, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(UserError) as caught:
        register(team, bob, **changes)

    assert not Dataset.objects.exists()
    assert field in caught.value.field


def test_a_viewer_may_not_and_a_name_is_taken_once(
    folder: Path, team: Team, bob: User, vera: User
) -> None:
    with pytest.raises(PermissionDenied):
        register(team, vera)
    register(team, bob)
    with pytest.raises(UserError, match="UCF"):
        register(team, bob)


def test_a_list_may_not_pose_as_a_folder(folder: Path, team: Team, bob: User) -> None:
    dataset = create_listed_dataset(
        team=team, name="Far", list_name=FOLDER_NAME, data=b"name,n_frames\na,1\n", fps=30, by=bob
    )

    assert features_folder_of(dataset) == ""


def test_page_and_rest_register_a_folder(folder: Path, as_bob: Client) -> None:
    root = str(folder.parent)
    answers = {"benchmark": "ucf-crime", "root": root, "folder": "ucf"}

    refused = as_bob.post("/datasets/new/published", answers | {"name": "A", "folder": "none"})
    done = as_bob.post("/datasets/new/published", answers | {"name": "A"})
    sent = as_bob.post(
        "/api/v1/published-datasets",
        {"name": "B", "benchmark": "ucf-crime", "folder": str(folder)},
        content_type="application/json",
    )

    assert refused.status_code == 422
    assert "There is no folder" in refused.content.decode()
    assert done.status_code == 302
    assert sent.status_code == 202
    assert Dataset.objects.get(name="B").benchmark == "ucf-crime"


def test_presets_are_benchmarks_with_printed_tables() -> None:
    assert set(PRESETS) == set(benchmarks_printed())
    assert {slug: each.title for slug, each in PRESETS.items()} == {
        slug: BENCHMARKS[slug] for slug in PRESETS
    }
