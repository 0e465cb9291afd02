from importlib import import_module

import numpy as np
import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.db import transaction

import ml.records
from tests.factories.datasets import DatasetFactory, VideoFactory
from tests.factories.jobs import JobFactory
from tests.webapp.datasets.surveyed import (
    annotations,
    clean_events,
    import_all,
    ready_video,
    rejected_video,
)
from webapp.common.beneath import OutsideFolder
from webapp.datasets import ground_truth, report, services
from webapp.datasets.models import AnnotationSet, Dataset, Interval, Split, Video

CLEAN = [("test/a", "test"), ("train/a", "train")]


def levels_and_subjects(dataset):
    return [(finding["level"], finding["subject"]) for finding in dataset.report]


def test_record_video_stores_facts_and_times(dataset, folder):
    video = services.record_video(dataset, event=ready_video(folder, "test/a"), folder=folder)

    video.refresh_from_db()
    assert (video.name, video.path, video.part) == ("test/a", "test/a.mp4", "test")
    assert (video.n_frames, video.width, video.fps) == (10, 320, 25.0)
    times = np.frombuffer(video.pts_seconds, dtype="<f8")
    np.testing.assert_array_equal(times, np.arange(10) / 25)


def test_record_video_takes_its_length_from_its_times(dataset, folder):
    event = ready_video(folder, "test/a", n_frames=200, fps=2.928, duration_seconds=68.3)
    times = np.arange(200) / 25 + np.where(np.arange(200) >= 100, 60, 0)
    np.save(event["pts"], times)
    video = services.record_video(dataset, event=event, folder=folder)
    assert video.duration_seconds == pytest.approx(68.0)
    assert Dataset.objects.with_facts().get().seconds == pytest.approx(68.0)


@pytest.mark.parametrize("wrong", [[0.0, 0.04, 0.04], [0.0, 0.04, np.nan], [0.1, 0.0, 0.2]])
def test_record_video_whose_times_do_not_rise_is_an_incident(dataset, folder, wrong):
    event = ready_video(folder, "test/a", n_frames=3)
    np.save(event["pts"], np.array(wrong))
    with pytest.raises(ValueError, match="do not rise"):
        services.record_video(dataset, event=event, folder=folder)


def test_lengths_by_the_mean_rate_are_put_right(dataset):
    migration = import_module("webapp.datasets.migrations.0004_durations")
    times = np.arange(200) / 25 + np.where(np.arange(200) >= 100, 60, 0)
    facts = {"dataset": dataset, "n_frames": 200, "duration_seconds": 68.3}
    stored = {"pts_seconds": times.astype("<f8").tobytes()}
    bursts = VideoFactory.create(**facts, **stored, is_variable_rate=True)
    steady = VideoFactory.create(**facts, **stored)
    unknown = VideoFactory.create(**facts, is_variable_rate=True)
    migration.by_times(apps, None)
    lengths = [Video.objects.get(pk=each.pk).duration_seconds for each in (bursts, steady, unknown)]
    assert lengths == pytest.approx([68.0, 68.3, 68.3])


def test_record_video_takes_files_under_opaque_names(
    dataset, folder, django_capture_on_commit_callbacks
):
    event = ready_video(folder, "test/a")

    with django_capture_on_commit_callbacks(execute=True):
        video = services.record_video(dataset, event=event, folder=folder)

    assert video.proxy.name == f"datasets/{dataset.pk}/{video.pk}/proxy.mp4"
    assert video.contact_sheet.name == f"datasets/{dataset.pk}/{video.pk}/contact_sheet.jpg"
    with default_storage.open(video.poster.name) as poster:
        assert poster.read() == b"poster.jpg of test-a"
    assert not (folder / "test-a" / "proxy.mp4").exists()


def test_record_video_again_after_its_transaction_was_lost(dataset, folder):
    event = ready_video(folder, "test/a")
    with transaction.atomic():
        services.record_video(dataset, event=event, folder=folder)
        transaction.set_rollback(True)

    video = services.record_video(dataset, event=event, folder=folder)

    assert video == Video.objects.get()
    assert default_storage.exists(video.proxy.name)


def test_record_video_same_event_twice(dataset, folder):
    event = ready_video(folder, "test/a")

    first = services.record_video(dataset, event=event, folder=folder)
    second = services.record_video(dataset, event=event, folder=folder)

    assert first == second == Video.objects.get()


def test_record_video_takes_new_pictures_of_the_same_content_at_another_rate(
    dataset, folder, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        before = services.record_video(dataset, event=ready_video(folder, "a"), folder=folder)
    event = ready_video(folder, "a", proxy_fps=12.5)
    (folder / "a" / "proxy.mp4").write_bytes(b"slower")

    with django_capture_on_commit_callbacks(execute=True):
        after = services.record_video(dataset, event=event, folder=folder)

    assert (after, after.proxy_fps) == (before, 12.5)
    with default_storage.open(after.proxy.name) as proxy:
        assert proxy.read() == b"slower"
    assert not default_storage.exists(before.proxy.name)


def test_record_video_stores_scale_and_fault(dataset, folder):
    event = ready_video(
        folder, "a", pixel_low=51_241, pixel_high=52_181, numbering_fault="3 numbers are missing"
    )

    video = services.record_video(dataset, event=event, folder=folder)

    video.refresh_from_db()
    assert (video.pixel_low, video.pixel_high) == (51_241, 52_181)
    assert video.numbering_fault == "3 numbers are missing"
    assert list(dataset.videos.misnumbered()) == [video]


def test_record_video_with_another_scale_is_another_video(dataset, folder):
    """To a method its pixels are other ones, and scores are kept with those that gave them."""
    deep = {"pixel_low": 1000, "pixel_high": 2000}
    before = import_all(dataset, folder, ready_video(folder, "a", **deep))
    after = import_all(dataset, folder, ready_video(folder, "a", **deep | {"pixel_high": 3000}))

    old, new = Video.objects.order_by("pk")
    assert (old.status, new.status) == ("retired", "ready")
    assert (old.pixel_high, new.pixel_high) == (2000, 3000)
    assert before.content_hash != after.content_hash


def test_ground_truth_of_the_folder_follows_a_video_to_another_scale(dataset, folder):
    """Its bytes are the same ones, so that nothing but the row tells the two apart."""
    deep = {"pixel_low": 1000, "pixel_high": 2000}
    truth = {"event": "annotations", "source": "masks", "intervals": {"a": [(2, 5, "")]}}
    import_all(dataset, folder, ready_video(folder, "a", **deep), truth)

    import_all(dataset, folder, ready_video(folder, "a", **deep | {"pixel_high": 3000}), truth)

    stored = dataset.ground_truth
    assert stored.version == 2
    [interval] = stored.intervals.select_related("video")
    assert (interval.video.status, interval.video.pixel_high) == ("ready", 3000)


def test_ground_truth_that_people_brought_for_what_a_video_was_before_is_told(dataset, folder):
    both = [ready_video(folder, name) for name in ("a", "b")]
    import_all(dataset, folder, *both)
    events = [
        Interval(video=video, start_frame=2, end_frame=5) for video in dataset.videos.current()
    ]
    ground_truth.add_version(dataset, events, source="brought", provenance={"file": "gt.json"})

    after = import_all(dataset, folder, ready_video(folder, "a", sha256=f"{'other':0>64}"))

    told = {each["subject"]: (each["level"], each["text"]) for each in after.report}
    assert told["a"] == ("error", ground_truth.LOST_EVENTS)
    assert told["b"] == ("warning", ground_truth.GONE_EVENTS)


def test_content_hash_of_videos_without_a_scale_is_as_it_always_was(dataset, folder):
    after = import_all(dataset, folder, ready_video(folder, "a"))

    assert after.content_hash == ml.records.hash_of([("a", f"{'a':0>64}", 10)])


def test_record_video_file_outside_job_folder_is_an_incident(dataset, folder, tmp_path):
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    event = ready_video(folder, "test/a", proxy=str(tmp_path / "secret.mp4"))

    with pytest.raises(OutsideFolder, match=r"secret\.mp4 is no file in"):
        services.record_video(dataset, event=event, folder=folder)

    assert Video.objects.count() == 0
    assert (tmp_path / "secret.mp4").exists()


def test_record_video_path_outside_dataset_is_an_incident(dataset, folder):
    event = ready_video(folder, "test/a", path="../other/a.mp4")

    with pytest.raises(ValueError, match="which is outside"):
        services.record_video(dataset, event=event, folder=folder)


def test_record_video_times_that_do_not_fit(dataset, folder):
    event = ready_video(folder, "test/a") | {"n_frames": 11}

    with pytest.raises(ValueError, match="11 frames, but times of shape"):
        services.record_video(dataset, event=event, folder=folder)


@pytest.mark.parametrize("name", ["test/" + "x" * 300, "test/\udcff"])
def test_record_video_name_that_cannot_be_stored(dataset, folder, name):
    video = services.record_video(dataset, event=rejected_video(name), folder=folder)

    assert video is None
    dataset.refresh_from_db()
    assert "rename the file" in dataset.report[0]["text"]


def test_record_video_rejected_then_repaired_keeps_its_row(dataset, folder):
    rejected = services.record_video(dataset, event=rejected_video("test/a"), folder=folder)
    event = ready_video(folder, "test/a")

    repaired = services.record_video(dataset, event=event, folder=folder)

    assert repaired == rejected
    assert (repaired.status, repaired.reason) == ("ready", "")


def test_record_video_changed_content_retires_the_old_row(dataset, folder):
    old = services.record_video(dataset, event=ready_video(folder, "test/a"), folder=folder)
    changed = ready_video(folder, "test/a", sha256="f" * 64, n_frames=12)

    new = services.record_video(dataset, event=changed, folder=folder)

    old.refresh_from_db()
    assert new != old
    assert (old.status, old.reason, old.n_frames) == ("retired", "Its content changed.", 10)
    assert old.proxy.storage.exists(old.proxy.name)


def test_record_video_former_content_brings_its_row_back(dataset, folder):
    old = services.record_video(dataset, event=ready_video(folder, "test/a"), folder=folder)
    changed = ready_video(folder, "test/a", sha256="f" * 64)
    services.record_video(dataset, event=changed, folder=folder)

    again = services.record_video(dataset, event=ready_video(folder, "test/a"), folder=folder)

    assert again == old
    assert list(Video.objects.current()) == [old]


def test_record_video_now_broken_retires_the_ready_row(dataset, folder):
    old = services.record_video(dataset, event=ready_video(folder, "test/a"), folder=folder)

    services.record_video(dataset, event=rejected_video("test/a"), folder=folder)

    old.refresh_from_db()
    assert (old.status, old.n_frames) == ("retired", 10)
    assert Video.objects.current().get().status == "rejected"


def test_record_annotations_first_version(dataset, folder):
    services.record_video(dataset, event=ready_video(folder, "test/a"), folder=folder)

    ground_truth.record_annotations(dataset, event=annotations(a=[[2, 5, "running"], [7, 9, ""]]))

    truth = AnnotationSet.objects.get()
    assert (truth.version, truth.source, truth.dataset) == (1, "labels.csv", dataset)
    assert list(truth.intervals.values_list("start_frame", "end_frame", "label")) == [
        (2, 5, "running"),
        (7, 9, ""),
    ]


def test_record_annotations_same_event_twice(dataset, folder):
    services.record_video(dataset, event=ready_video(folder, "test/a"), folder=folder)

    ground_truth.record_annotations(dataset, event=annotations(a=[[2, 5, "running"]]))
    ground_truth.record_annotations(dataset, event=annotations(a=[[2, 5, "running"]]))

    assert AnnotationSet.objects.count() == 1
    assert Interval.objects.count() == 1


def test_record_annotations_leaves_out_what_lies_in_no_video(dataset, folder):
    services.record_video(dataset, event=ready_video(folder, "test/a"), folder=folder)
    event = annotations(a=[[2, 5, ""], [8, 11, ""], [6, 6, ""]], b=[[0, 1, ""]])

    ground_truth.record_annotations(dataset, event=event)

    assert Interval.objects.count() == 1
    assert levels_and_subjects(dataset) == [
        ("error", "test/a"),
        ("error", "test/a"),
        ("error", "test/b"),
    ]


def test_labels_longer_than_a_row_can_hold_are_cut_and_reported(dataset, folder):
    event = ready_video(folder, "test/a", label="fight " * 20)

    video = services.record_video(dataset, event=event, folder=folder)
    ground_truth.record_annotations(dataset, event=annotations(a=[[2, 5, "fall\0 " * 20]]))

    assert video.label == ("fight " * 20)[:80]
    assert Interval.objects.get().label == ("fall " * 20)[:80]
    assert levels_and_subjects(dataset) == [("warning", "test/a"), ("warning", "test/a")]


def test_record_annotations_of_files_with_long_and_odd_names(dataset, folder):
    services.record_video(dataset, event=ready_video(folder, "test/a"), folder=folder)
    event = annotations(a=[[2, 5, ""]]) | {"source": "\udcff" + "x" * 400}

    ground_truth.record_annotations(dataset, event=event)

    assert AnnotationSet.objects.get().source == "\\udcff" + "x" * 294


def test_record_finding_same_twice(dataset):
    for _ in range(2):
        report.record_finding(dataset, level="info", text="A note.", subject="a\udcff\0")

    dataset.refresh_from_db()
    assert dataset.report == [{"level": "info", "subject": "a\\udcff", "text": "A note."}]


def test_record_finding_keeps_some_of_each_level_and_counts_the_rest(dataset, monkeypatch):
    monkeypatch.setattr(report, "MAX_FINDINGS", 2)
    told = [(f"{number:,}.txt", "error") for number in range(1_202)]

    for subject, level in [*told, ("a", "info"), told[0]]:
        report.record_finding(dataset, level=level, text="Not used.", subject=subject)

    dataset.refresh_from_db()
    shown = [(found["level"], found["subject"], found["text"]) for found in dataset.findings]
    assert shown == [
        ("error", "0.txt", "Not used."),
        ("error", "1.txt", "Not used."),
        ("error", "", "1,200 more of this level were found; the report keeps 2."),
        ("info", "a", "Not used."),
    ]


def test_finish_import_draws_the_conclusions(dataset, folder):
    dataset = import_all(dataset, folder, *clean_events(folder))

    assert (dataset.format, len(dataset.content_hash), dataset.report) == ("plain", 64, [])
    split = Split.objects.get()
    assert (split.name, split.version) == ("published", 1)
    assert sorted(split.members.values_list("video__name", "part")) == CLEAN
    assert dataset.classes == ["running"]


def test_finish_import_repeated_changes_nothing(dataset, folder):
    before = import_all(dataset, folder, *clean_events(folder))

    after = import_all(before, folder, *clean_events(folder))

    assert after.content_hash == before.content_hash
    assert AnnotationSet.objects.get().imported_by == after.import_job
    assert (Split.objects.count(), Video.objects.count()) == (1, 2)


def test_finish_import_same_content_elsewhere_has_same_hash(dataset, folder, team):
    other = DatasetFactory.create(team=team, folder=dataset.folder)

    first = import_all(dataset, folder, *clean_events(folder))
    second = import_all(other, folder, *clean_events(folder))

    assert first.content_hash == second.content_hash
    assert first.ground_truth.content_hash == second.ground_truth.content_hash


def test_finish_import_changed_video_makes_new_versions(dataset, folder):
    before = import_all(dataset, folder, *clean_events(folder))
    changed = ready_video(folder, "test/a", sha256="f" * 64, n_frames=12)
    events = [ready_video(folder, "train/a"), changed, annotations(a=[[2, 5, "running"]])]

    after = import_all(before, folder, *events)

    assert after.content_hash != before.content_hash
    assert list(after.annotation_sets.values_list("version", flat=True)) == [2, 1]
    assert after.ground_truth.intervals.get().video.n_frames == 12
    old, new = Split.objects.order_by("version")
    assert sorted(old.members.values_list("video__n_frames", "part")) == [
        (10, "test"),
        (10, "train"),
    ]
    assert sorted(new.members.values_list("video__n_frames", "part")) == [
        (10, "train"),
        (12, "test"),
    ]


def test_finish_import_changed_ground_truth_makes_new_version(dataset, folder):
    import_all(dataset, folder, *clean_events(folder))
    events = [*clean_events(folder)[:2], annotations(a=[[2, 6, "running"]])]

    after = import_all(dataset, folder, *events)

    assert after.ground_truth.version == 2
    assert Split.objects.count() == 1


def test_finish_import_retires_what_is_gone(dataset, folder):
    import_all(dataset, folder, *clean_events(folder))

    after = import_all(dataset, folder, *clean_events(folder)[1:])

    gone = Video.objects.get(name="train/a")
    assert (gone.status, gone.reason) == ("retired", "It is no longer in the folder.")
    assert after.splits.first().members.get().video.name == "test/a"


def test_finish_import_without_ground_truth(dataset, folder):
    dataset = import_all(dataset, folder, *clean_events(folder)[:2])

    assert dataset.ground_truth.intervals.count() == 0
    assert "every video counts as normal" in dataset.report[0]["text"]


def test_finish_import_ground_truth_that_is_gone(dataset, folder):
    import_all(dataset, folder, *clean_events(folder))

    after = import_all(dataset, folder, *clean_events(folder)[:2])

    assert (after.ground_truth.version, after.ground_truth.source) == (2, "none found")
    assert AnnotationSet.objects.get(version=1).intervals.count() == 1


def test_finish_import_rejected_test_video_is_an_error(dataset, folder):
    dataset = import_all(dataset, folder, *clean_events(folder), rejected_video("test/b"))

    assert levels_and_subjects(dataset) == [("error", "test/b")]
    assert "It is empty." in dataset.report[0]["text"]


def test_finish_import_with_nothing_usable_leaves_no_hash(dataset, folder):
    dataset = import_all(dataset, folder, rejected_video("test/a"))

    assert dataset.content_hash == ""


def test_begin_import_starts_a_new_report(dataset, folder):
    report.record_finding(dataset, level="error", text="Old.")

    services.begin_import(dataset, job=JobFactory.create(team=dataset.team, kind="import"))

    assert Dataset.objects.get(pk=dataset.pk).report == []


def test_content_hash_is_empty_while_it_would_be_wrong(dataset, folder):
    dataset = import_all(dataset, folder, *clean_events(folder))

    services.record_video(dataset, event=ready_video(folder, "train/a"), folder=folder)
    assert dataset.content_hash
    services.record_video(
        dataset, event=ready_video(folder, "test/a", sha256="f" * 64), folder=folder
    )
    assert Dataset.objects.get(pk=dataset.pk).content_hash == ""
