"""Ground truth through real parts: a file, a job with its child, a draft, a version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.datasets import (
    AnnotationSetFactory,
    DatasetFactory,
    IntervalFactory,
    SplitFactory,
    SplitMemberFactory,
    VideoFactory,
)
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.annotation_imports import (
    Given,
    accept_annotation_import,
    known_videos,
    needed_repairs,
    order_of,
    start_annotation_import,
    unrepairable,
)
from webapp.datasets.listing import create_listed_dataset
from webapp.datasets.models import AnnotationImport, Dataset, Video
from webapp.datasets.order import clips_in_order
from webapp.datasets.services import import_again
from webapp.jobs.models import Job, WorkerNode
from workers import kinds, supervisor

UCF = "ucf-crime/annotations/Temporal_Anomaly_Annotation_mist_with_frames.txt"


@pytest.fixture
def work(worker: WorkerNode) -> Callable[[], None]:
    """Run the next job of the queue to its end, with a real child."""
    return lambda: supervisor.run_next("cpu", worker=worker)


@pytest.fixture
def dataset(team: Team, worker: WorkerNode) -> Dataset:
    """Two test videos of 100 frames in a split."""
    dataset = DatasetFactory.create(team=team)
    split = SplitFactory.create(dataset=dataset)
    for name in ("test/b", "test/a"):
        video = VideoFactory.create(dataset=dataset, name=name)
        SplitMemberFactory.create(split=split, video=video)
    return dataset


def bring(dataset: Dataset, text: str, by: User, **options: object) -> AnnotationImport:
    given = Given(name="gt.csv", data=text.encode(), options=options)
    return start_annotation_import(dataset=dataset, given=given, by=by)


def spans(dataset: Dataset) -> list[tuple[str, int, int, str]]:
    newest = dataset.ground_truth
    assert newest is not None
    rows = newest.intervals.order_by("video__name", "start_frame")
    return list(rows.values_list("video__name", "start_frame", "end_frame", "label"))


def test_what_is_normal_in_the_dataset_makes_nothing_abnormal(
    work: Callable[[], None], dataset: Dataset, bob: User
) -> None:
    Dataset.objects.update(normal_labels=["walking"])
    text = "video,start_frame,end_frame,label\na,0,60,Walking\na,60,80,fall\nb,0,100,normal\n"
    draft = bring(dataset, text, bob)

    work()

    draft.refresh_from_db()
    assert draft.alignment["findings"][0]["text"].startswith("taken as normal: 'Walking', 'normal'")
    accept_annotation_import(draft=draft, repairs=[], by=bob)
    assert spans(dataset) == [("test/a", 60, 80, "fall")]


def test_a_file_becomes_a_draft_and_then_a_version(
    work: Callable[[], None], dataset: Dataset, bob: User
) -> None:
    draft = bring(dataset, "video,start_frame,end_frame,label\na,60,120,fall\nb,,,\n", bob)
    assert draft.state == "reading"

    work()

    draft.refresh_from_db()
    assert draft.state == "draft"
    assert list(needed_repairs(draft.alignment)) == ["clip_to_end"]
    stored = accept_annotation_import(draft=draft, repairs=["clip_to_end"], by=bob)
    assert spans(dataset) == [("test/a", 60, 100, "fall")]
    assert stored.provenance["repairs"] == {
        "clip_to_end": "An interval that reaches past the last frame ends with it."
    }
    assert stored.provenance["format"] == "interval_table"
    assert (stored.provenance["file"], stored.provenance["sha256"]) == ("gt.csv", draft.sha256)


def test_the_next_file_is_compared_with_what_is_in_force(
    work: Callable[[], None], dataset: Dataset, bob: User
) -> None:
    known = AnnotationSetFactory.create(dataset=dataset, version=1)
    IntervalFactory.create(annotation_set=known, video=dataset.videos.get(name="test/a"))

    draft = bring(dataset, "video,start_frame,end_frame\na,21,60\nb,,\n", bob)
    work()

    draft.refresh_from_db()
    [row] = [row for row in draft.alignment["rows"] if row["notes"]]
    assert row["notes"][0]["text"] == "The ground truth in force says [20, 60)"


def test_options_reach_the_child(work: Callable[[], None], dataset: Dataset, bob: User) -> None:
    text = "video,start_frame,end_frame\na,21,60\nb,,\n"
    draft = bring(dataset, text, bob, base=1, end="inclusive")

    work()

    draft.refresh_from_db()
    assert (draft.alignment["base"], draft.alignment["end"]) == (1, "inclusive")
    assert draft.alignment["rows"][0]["intervals"] == [[20, 60, ""]]


def test_seconds_become_frames_by_the_times_that_are_stored(
    work: Callable[[], None], dataset: Dataset, bob: User
) -> None:
    """The first video has no times but a rate, the second two bursts 60 s apart."""
    bursts = np.array([i / 25 + (60 if i >= 50 else 0) for i in range(100)])
    video = dataset.videos.get(name="test/b")
    video.pts_seconds, video.fps = bursts.astype("<f8").tobytes(), 1.56
    video.save()
    dataset.videos.filter(name="test/a").update(fps=10, pts_seconds=b"")

    draft = bring(dataset, "video,start_seconds,end_seconds\na,2,4\nb,62.4,63\nb,1,1.2\n", bob)
    work()

    draft.refresh_from_db()
    rows = {row["video"]: row for row in draft.alignment["rows"]}
    assert rows["test/a"]["intervals"] == [[20, 40, ""]]
    assert rows["test/b"]["intervals"] == [[25, 30, ""], [60, 75, ""]]
    assert [row["notes"] for row in rows.values()] == [[], []]


def test_videos_and_their_times_are_of_one_moment(dataset: Dataset, tmp_path: Path) -> None:
    times = np.arange(100) / 25
    dataset.videos.filter(name="test/b").update(pts_seconds=times.astype("<f8").tobytes())

    with CaptureQueriesContext(connection) as asked:
        found = known_videos(dataset, tmp_path / "times.npy")

    assert sum("pts_seconds" in each["sql"] for each in asked) == 1
    assert {each["name"]: each["has_times"] for each in found} == {"test/a": False, "test/b": True}
    assert np.load(tmp_path / "times.npy").tolist() == times.tolist()


def test_a_file_that_is_no_ground_truth(
    work: Callable[[], None], dataset: Dataset, bob: User
) -> None:
    draft = bring(dataset, "hello\n", bob)

    work()

    draft = AnnotationImport.objects.select_related("job").get(pk=draft.pk)
    assert draft.state == "failed"
    assert draft.job is not None
    assert draft.job.failure == Job.Failure.BAD_INPUT
    assert draft.job.reason.startswith("gt.csv is no ground truth that is known")
    with pytest.raises(UserError, match="has not been read"):
        accept_annotation_import(draft=draft, repairs=[], by=bob)


def test_a_bare_vector_goes_through_the_split_in_its_order(
    work: Callable[[], None], dataset: Dataset, bob: User
) -> None:
    text = "\n".join(["1"] * 50 + ["0"] * 150)  # a label per line of one video: not a vector
    draft = bring(dataset, text, bob)
    assert order_of(draft) == ["test/a", "test/b"]
    dataset.splits.update(follows_list=True)
    assert order_of(draft) == ["test/b", "test/a"]

    work()

    draft.refresh_from_db()
    assert unrepairable(draft.alignment) == ["It names no video of this dataset"]
    with pytest.raises(UserError, match="cannot be taken: It names no video"):
        accept_annotation_import(draft=draft, repairs=["leave_out", "assume_normal"], by=bob)


def test_a_lost_job_is_followed_by_another(dataset: Dataset, bob: User) -> None:
    draft = bring(dataset, "video,start_frame,end_frame\na,1,2\n", bob)
    assert draft.job is not None
    successor = bring(dataset, "video,start_frame,end_frame\na,1,2\n", bob).job
    assert successor is not None

    kinds.replace(draft.job, successor)

    assert AnnotationImport.objects.get(pk=draft.pk).job == successor


def test_videos_that_are_not_here(work: Callable[[], None], team: Team, bob: User) -> None:
    text = "name,n_frames,label,part\nArson/x,90,Arson,test\nArson/y,45,,train\n"
    dataset = create_listed_dataset(
        team=team, name="Far", list_name="list.csv", data=text.encode(), fps=30, by=bob
    )

    work()

    dataset.refresh_from_db()
    assert dataset.is_listed
    assert dataset.content_hash
    rows = dataset.videos.order_by("name").values_list("name", "kind", "n_frames", "fps", "part")
    assert list(rows) == [
        ("Arson/x", "listed", 90, 30, "test"),
        ("Arson/y", "listed", 45, 30, "train"),
    ]
    split = dataset.splits.get()
    assert dict(split.members.values_list("video__name", "part")) == {
        "Arson/x": "test",
        "Arson/y": "train",
    }
    assert not AnnotationImport.objects.exists()  # the list says nothing of anomalies


def test_a_listed_dataset_keeps_the_order_of_its_list(
    work: Callable[[], None], team: Team, bob: User
) -> None:
    """Also where a later list retires a video, whose row then is younger than the others."""
    dataset = create_listed_dataset(
        team=team, name="Far", list_name="l", data=listed("z", "a", "m2", "m10"), fps=30, by=bob
    )
    work()
    assert order_in(dataset) == ["z", "a", "m2", "m10"]
    draft = bring(dataset, "video,start_frame,end_frame\nz,1,2\n", bob)
    assert order_of(draft) == ["z", "a", "m2", "m10"]

    for data, names in (
        (listed("z", "a", "m2", "m10", a=91), ["z", "a", "m2", "m10"]),
        (listed("m10", "z", "m2", "a", a=91), ["m10", "z", "m2", "a"]),
        (listed("m10", "z", "m2", "a", a=91), ["m10", "z", "m2", "a"]),
    ):
        dataset.refresh_from_db()
        dataset.list_file.save("l", ContentFile(data))
        import_again(dataset=dataset, by=bob)
        work()
        work()  # the draft of before waits first
        assert order_in(dataset) == names
    assert dataset.splits.count() == 3


def listed(*names: str, **counts: int) -> bytes:
    return "\n".join(["name,n_frames", *(f"{n},{counts.get(n, 90)}" for n in names)]).encode()


def order_in(dataset: Dataset) -> list[str]:
    newest = dataset.splits.first()
    assert newest is not None
    return [video.name for video in clips_in_order(newest, "test")]


def test_a_changed_list_retires_what_changed(
    work: Callable[[], None], team: Team, bob: User
) -> None:
    dataset = create_listed_dataset(
        team=team,
        name="Far",
        list_name="l",
        data=b"name,n_frames\nx,90\ny,45\nz,7\n",
        fps=30,
        by=bob,
    )
    work()
    before = dict(Dataset.objects.get().videos.values_list("name", "pk"))
    dataset.refresh_from_db()
    dataset.list_file.save("l", ContentFile(b"name,n_frames\nx,90\ny,46\n"))

    import_again(dataset=dataset, by=bob)
    work()

    current = dict(dataset.videos.current().values_list("name", "pk"))
    assert set(current) == {"x", "y"}
    assert current["x"] == before["x"]
    assert current["y"] != before["y"]
    retired = dataset.videos.filter(status=Video.Status.RETIRED)
    assert dict(retired.values_list("name", "reason")) == {
        "y": "Its frame count changed.",
        "z": "It is no longer in the list.",
    }


@pytest.mark.shared_data
def test_ucf_crime_without_its_videos(
    work: Callable[[], None], team: Team, bob: User, shared_data: Path
) -> None:
    """The test part of UCF-Crime from its annotation file alone, ground truth and all."""
    data = (shared_data / UCF).read_bytes()
    dataset = create_listed_dataset(
        team=team, name="UCF-Crime", list_name="mist.txt", data=data, fps=30, by=bob
    )
    work()
    draft = AnnotationImport.objects.get()  # the list says where anomalies are, too
    work()

    draft.refresh_from_db()
    accept_annotation_import(draft=draft, repairs=["clip_to_end"], by=bob)

    videos = Dataset.objects.with_facts().get(pk=dataset.pk)
    assert (videos.n_videos, videos.n_frames) == (290, 1_111_808)
    assert len(spans(dataset)) == 156
    assert len(dataset.classes) == 13
