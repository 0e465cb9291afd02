"""Features through real parts: a folder, a job with its child, a set."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied

from ml.data.features.store import rows_of
from ml.records import FeatureRecord
from tests.factories.datasets import DatasetFactory, VideoFactory
from webapp.accounts.models import Team, User
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.features import import_features, read_again, records_of, without_features
from webapp.datasets.models import Dataset, FeatureSet
from webapp.jobs.models import Job, WorkerNode
from workers import supervisor


@pytest.fixture
def work(worker: WorkerNode) -> Callable[[], None]:
    """Run the next job of the queue to its end, with a real child."""
    return lambda: supervisor.run_next("cpu", worker=worker)


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_ROOTS = [str(tmp_path)]
    (tmp_path / "features").mkdir()
    return tmp_path / "features"


@pytest.fixture
def dataset(team: Team) -> Dataset:
    dataset = DatasetFactory.create(team=team)
    for name in ("test/a", "train/b"):
        VideoFactory.create(dataset=dataset, name=name, n_frames=50)
    return dataset


def save(folder: Path, name: str, n_rows: int = 3) -> None:
    rows = np.random.default_rng(n_rows).normal(size=(n_rows, 2, 4)).astype(np.float32)
    np.save(folder / name, rows)


def bring(dataset: Dataset, by: User, **changes: Any) -> FeatureSet:
    facts = {"name": "i3d", "folder": "features", "extractor": "I3D", "by": by}
    return import_features(dataset=dataset, **facts | changes)


def again(feature_set: FeatureSet) -> FeatureSet:
    return FeatureSet.objects.get(pk=feature_set.pk)


def test_files_are_read_and_stay_where_they_are(
    dataset: Dataset, bob: User, folder: Path, work: Callable[[], None]
) -> None:
    save(folder, "a.npy")
    save(folder, "b.npy", n_rows=4)

    feature_set = bring(dataset, bob, weights_sha256="a" * 64, preprocessing="256 × 340, centre")
    assert again(feature_set).state == "reading"
    work()

    found = again(feature_set)
    assert found.state == "ready"
    assert (found.n_crops, found.dimension, found.frames_per_row) == (2, 4, 16)
    assert found.preprocessing == {"description": "256 × 340, centre"}
    assert found.health["n_rows"] == 14  # rows × crops
    files = found.files.order_by("path").values_list("path", "video__name", "n_rows")
    assert list(files) == [("a.npy", "test/a", 3), ("b.npy", "train/b", 4)]
    assert found.findings == []


def test_what_does_not_fit_is_told(
    dataset: Dataset, bob: User, folder: Path, work: Callable[[], None]
) -> None:
    save(folder, "a.npy")
    save(folder, "b.npy", n_rows=9)

    feature_set = bring(dataset, bob)
    work()

    first, second = again(feature_set).findings
    assert (first["level"], first["subject"]) == ("error", "train/b")
    assert "9 rows where 50 frames in rows of 16 give 3 or 4" in first["text"]
    assert second["text"] == "no features of 1 video: train/b"


def test_a_folder_in_which_nothing_fits_fails_with_a_sentence(
    dataset: Dataset, bob: User, folder: Path, work: Callable[[], None]
) -> None:
    save(folder, "stranger.npy")

    feature_set = bring(dataset, bob)
    work()

    assert again(feature_set).state == "failed"
    assert "None of the 1 files .npy in features fits a video" in Job.objects.get().reason


def test_after_a_bad_end_it_is_read_again(
    dataset: Dataset, bob: User, folder: Path, work: Callable[[], None]
) -> None:
    feature_set = bring(dataset, bob)
    work()
    save(folder, "a.npy")
    save(folder, "b.npy")

    read_again(feature_set=feature_set, by=bob)
    work()

    assert again(feature_set).state == "ready"
    with pytest.raises(ConflictError):
        read_again(feature_set=feature_set, by=bob)


def test_the_same_files_have_the_same_hash_and_others_another(
    dataset: Dataset, bob: User, folder: Path, work: Callable[[], None]
) -> None:
    save(folder, "a.npy")
    sets = [bring(dataset, bob)]
    work()
    shutil.copy(folder / "a.npy", folder / "b.npy")
    sets.append(bring(dataset, bob))
    work()
    sets.append(bring(dataset, bob))
    work()

    first, second, third = map(again, sets)
    assert [each.version for each in (first, second, third)] == [1, 2, 3]
    assert second.content_hash == third.content_hash != first.content_hash


def test_videos_without_features_are_known(
    dataset: Dataset, bob: User, folder: Path, work: Callable[[], None]
) -> None:
    save(folder, "a.npy")
    split = dataset.splits.create(name="all")
    for video in dataset.videos.all():
        split.members.create(video=video, part="test")

    feature_set = bring(dataset, bob)
    work()

    assert [video.name for video in without_features(feature_set, split)] == ["train/b"]


def test_crops_in_files_are_joined_where_they_lie(
    dataset: Dataset, bob: User, folder: Path, work: Callable[[], None]
) -> None:
    for name in ("a", "b"):
        for crop in range(2):
            np.save(folder / f"{name}__{crop}.npy", np.full((3, 4), crop, np.float32))
    before = sorted(folder.iterdir())

    feature_set = bring(dataset, bob, provenance={"crop_order": "centre", "resize": ""})
    assert (feature_set.layout, feature_set.provenance) == ("", {"crop_order": "centre"})
    work()

    found = again(feature_set)
    assert (found.state, found.layout, found.n_crops) == ("ready", "crops_in_files", 2)
    assert sorted(folder.iterdir()) == before
    for record in records_of(found).values():
        [part] = record["parts"]
        assert part["paths"] == [record["path"], record["path"].replace("__0", "__1")]
        rows = rows_of(FeatureRecord.from_json(record))
        assert rows[:, :, 0].tolist() == [[0, 1]] * 3


def test_equal_parts_reach_the_methods(
    dataset: Dataset, bob: User, folder: Path, work: Callable[[], None]
) -> None:
    save(folder, "a.npy", n_rows=20)
    save(folder, "b.npy", n_rows=20)

    feature_set = bring(dataset, bob, provenance={"snippet_rule": "equal_parts"})
    work()

    records = records_of(again(feature_set))
    assert [record["row_length"] for record in records.values()] == [2.5, 2.5]
    assert again(feature_set).health["rules"] == {"equal_parts": 2}


def test_a_real_file_that_is_too_small_is_told_to_people(
    team: Team, bob: User, shared_data: Path, settings: Any, work: Callable[[], None]
) -> None:
    settings.DATA_ROOTS = [str(shared_data)]
    dataset = DatasetFactory.create(team=team)
    VideoFactory.create(dataset=dataset, name="01_002", n_frames=481, fps=24.0)

    feature_set = bring(
        dataset, bob, folder="weak/i3d-r50-10crop", extractor="I3D-ResNet50, Kinetics-400"
    )
    work()

    found = again(feature_set)
    assert (found.layout, found.n_crops, found.dimension) == ("npy", 10, 2048)
    told = {finding["subject"]: finding["text"] for finding in found.findings}
    assert set(told) == {"norms", "normalisation"}
    assert told["norms"].startswith("The rows are too small: their mean norm is 0.256")


def test_a_set_is_compared_with_one_before(
    dataset: Dataset, bob: User, folder: Path, work: Callable[[], None]
) -> None:
    save(folder, "a.npy")
    first = bring(dataset, bob)
    work()

    second = bring(dataset, bob, compare_with=first.pk)
    work()

    compared = again(second).health["compared"]
    assert compared["with"] == "i3d v1"
    assert compared["mean_cosine"] == pytest.approx(1)
    assert "against i3d v1" in [finding["subject"] for finding in again(second).findings]


def test_what_is_compared_with_is_remembered_after_a_bad_end(
    dataset: Dataset, bob: User, folder: Path, work: Callable[[], None]
) -> None:
    save(folder, "a.npy")
    first = bring(dataset, bob)
    work()
    (folder / "a.npy").rename(folder / "stranger.npy")
    second = bring(dataset, bob, compare_with=first.pk)
    work()

    job = read_again(feature_set=again(second), by=bob)

    assert job.spec == {"compare_with": first.pk}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"extractor": ""}, "extractor"),
        ({"frames_per_row": 0}, "frames_per_row"),
        ({"weights_sha256": "abc"}, "weights_sha256"),
        ({"preprocessing": "x" * 2001}, "preprocessing"),
        ({"layout": "nonsense"}, "layout"),
        ({"provenance": {"stack": 0}}, "stack"),
        ({"provenance": {"colour": "blue"}}, "colour"),
        ({"compare_with": "feat_of_nobody"}, "compare_with"),
        ({"folder": "nowhere"}, "folder"),
        ({"folder": "/"}, "folder"),
    ],
)
def test_answers_that_are_refused(
    dataset: Dataset, bob: User, folder: Path, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(UserError) as caught:
        bring(dataset, bob, **changes)

    assert caught.value.field == field
    assert not FeatureSet.objects.exists()
    assert not Job.objects.exists()


def test_a_dataset_without_videos_takes_no_features(team: Team, bob: User, folder: Path) -> None:
    with pytest.raises(UserError) as caught:
        bring(DatasetFactory.create(team=team), bob)

    assert caught.value.code == "no_videos"


def test_a_viewer_may_not(dataset: Dataset, vera: User, folder: Path) -> None:
    with pytest.raises(PermissionDenied):
        bring(dataset, vera)
