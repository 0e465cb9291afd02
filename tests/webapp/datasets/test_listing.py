"""Rows of listed datasets: kept where the list says the same, whatever it calls them now."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.datasets import DatasetFactory, VideoFactory
from tests.factories.jobs import JobFactory
from webapp.accounts.models import Team
from webapp.datasets import ground_truth, listing, services
from webapp.datasets.models import Dataset, Interval, Video

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(team: Team) -> Dataset:
    return DatasetFactory.create(team=team, folder="", fps=25)


def entry(name: str, n_frames: int = 10, **changes: Any) -> dict[str, Any]:
    return {"name": name, "n_frames": n_frames, "label": "", "part": "test"} | changes


def import_list(dataset: Dataset, *entries: dict[str, Any]) -> Dataset:
    dataset = Dataset.objects.get(pk=dataset.pk)
    services.begin_import(dataset, job=JobFactory.create(team=dataset.team, kind="import"))
    listing.record_listed(dataset, listed=list(entries))
    services.finish_import(dataset, "list")
    return dataset


def stored_before(dataset: Dataset, name: str, n_frames: int = 10) -> Video:
    """As lists were stored before a folder counted as part of a name."""
    return VideoFactory.create(dataset=dataset, name=name, kind="listed", n_frames=n_frames)


def test_a_row_gets_its_folder_and_keeps_what_hangs_on_it(dataset: Dataset) -> None:
    old = stored_before(dataset, "Abuse028")
    event = Interval(video=old, start_frame=2, end_frame=5)
    ground_truth.add_version(dataset, [event], source="brought", provenance={"file": "gt.json"})

    after = import_list(dataset, entry("Abuse/Abuse028"), entry("Arson/Arson001"))

    assert after.videos.current().get(pk=old.pk).name == "Abuse/Abuse028"
    assert list(after.videos.values_list("name", flat=True)) == ["Abuse/Abuse028", "Arson/Arson001"]
    assert after.ground_truth.intervals.get().video_id == old.pk
    assert after.report == []


@pytest.mark.parametrize(
    "entries",
    [
        [entry("Abuse/x"), entry("Arson/x")],
        [entry("Abuse/x", n_frames=11)],
        [entry("Abuse/x"), entry("x")],
    ],
    ids=["two bear the name", "of another length", "the bare one is there too"],
)
def test_a_row_gets_no_folder_that_may_be_anothers(
    dataset: Dataset, entries: list[dict[str, Any]]
) -> None:
    old = stored_before(dataset, "x")

    after = import_list(dataset, *entries)

    assert Video.objects.get(pk=old.pk).name == "x"
    assert set(after.videos.current().values_list("name", flat=True)) == {
        each["name"] for each in entries
    }


def test_a_row_that_is_kept_says_what_the_list_says_now(dataset: Dataset) -> None:
    first = import_list(dataset, entry("a", label="walking", part="train"))
    old = first.videos.get()
    Dataset.objects.update(normal_labels=["walking"])

    import_list(dataset, entry("a", label="walking"))

    kept = Video.objects.get()
    assert (kept.pk, kept.label, kept.part) == (old.pk, "normal", "test")


def test_another_length_is_another_video_and_its_events_are_told_to_be_lost(
    dataset: Dataset,
) -> None:
    old = import_list(dataset, entry("a")).videos.get()
    event = Interval(video=old, start_frame=2, end_frame=5)
    ground_truth.add_version(dataset, [event], source="brought", provenance={"file": "gt.json"})

    after = import_list(dataset, entry("a", n_frames=12))

    assert [video.n_frames for video in after.videos.current()] == [12]
    [told] = [each for each in after.report if each["level"] == "error"]
    assert (told["subject"], told["text"]) == ("a", ground_truth.LOST_EVENTS)
