from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories.datasets import (
    AnnotationSetFactory,
    DatasetFactory,
    IntervalFactory,
    VideoFactory,
)
from webapp.common.errors import UserError
from webapp.datasets.leaks import review_splits
from webapp.datasets.models import Dataset, Split, Video
from webapp.datasets.order import clips_in_order, index_of, stated_order
from webapp.datasets.services import finish_import
from webapp.datasets.splits import GivenList, import_split, make_split, set_groups

SHOPLIFTING = "shoplifting/annotations_wivj4zm4fpg0"


@pytest.fixture
def dataset(team):
    """Three normal videos of two sources, and one that shows stealing."""
    dataset = DatasetFactory.create(team=team)
    for name, label, source in [
        ("Normal/n1", "normal", "a"),
        ("Normal/n2", "normal", "a"),
        ("Normal/n3", "normal", "b"),
        ("Stealing/s1", "Stealing", "c"),
    ]:
        VideoFactory.create(dataset=dataset, name=name, label=label, source=source)
    return dataset


def given(text, part="", name="list.txt"):
    return GivenList(name=name, data=text.encode(), part=part)


def parts_of(split):
    return dict(split.members.values_list("video__name", "part"))


def texts(split):
    return [finding["text"] for finding in split.report]


def test_import_split_finds_videos_by_the_end_of_their_name(dataset, bob):
    files = [given("n1\nn2", "train"), given("Stealing/s1.mp4\nfar/away/Normal/n3.mp4", "test")]

    [split] = import_split(dataset=dataset, name="weak", files=files, by=bob)

    assert parts_of(split) == {
        "Normal/n1": "train",
        "Normal/n2": "train",
        "Normal/n3": "test",
        "Stealing/s1": "test",
    }
    assert split.report == []


def test_import_split_again_is_the_next_version(dataset, bob):
    first, second = (
        import_split(dataset=dataset, name="weak", files=[given(text, "test")], by=bob)[0]
        for text in ("n1", "n2")
    )

    assert (first.version, second.version) == (1, 2)
    assert parts_of(first) == {"Normal/n1": "test"}


def test_import_split_says_what_does_not_fit(dataset, bob):
    files = [given("n1,1,7\nnowhere,0\ns1,1", "test")]

    [split] = import_split(dataset=dataset, name="weak", files=files, by=bob)

    assert texts(split) == [
        "1 of 3 names are no video of this dataset, or may be several, and are left out: nowhere "
        "(there is no such clip)",
        "1 videos are normal in the list and abnormal here, or the other way round. "
        "Runs go by the labels here: n1",
        "1 videos have another number of frames in the list than here, where frames were "
        "counted: n1",
        "2 videos of the dataset are in no part: Normal/n2, Normal/n3",
        "The train part is empty",
    ]


def test_import_split_shows_leaks_first(dataset, bob):
    files = [given("n1", "train"), given("n2\nnowhere", "test")]

    [split] = import_split(dataset=dataset, name="weak", files=files, by=bob)

    leak, *_others = split.report
    assert (leak["level"], leak["kind"]) == ("warning", "leak")
    assert leak["text"].startswith("train and test have videos with the same source recording")


def test_import_folds_that_call_their_test_part_validation(dataset, bob):
    table = "video_name class subset\nn1 0 {}\nn3 0 {}\ns1 1 training"
    subsets = [("training", "validation"), ("validation", "training")]
    files = [given(table.format(*each)) for each in subsets]

    folds = import_split(dataset=dataset, name="cv", files=files, by=bob)

    assert [fold.fold for fold in folds] == [1, 2]
    assert parts_of(folds[0]) == {"Normal/n1": "train", "Normal/n3": "test", "Stealing/s1": "train"}
    assert all("held out by no fold" in texts(fold)[0] for fold in folds)
    assert dataset.splits.first() == folds[0]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], "Choose at least one list"),
        ([given("n1")], "list.txt does not say which part its videos are in"),
        ([given("n1", "elsewhere")], "A part is train, validation or test"),
        (
            [given("nowhere", "test")],
            r"None of the names in list.txt is a video of this dataset: nowhere \(there is no such",
        ),
        ([given("", "test")], r"List.txt names no video\."),
        ([given("n1", "train"), given("n1", "test")], "Normal/n1 is listed for two parts"),
    ],
)
def test_import_split_that_cannot_be(dataset, bob, files, sentence):
    with pytest.raises(UserError, match=sentence):
        import_split(dataset=dataset, name="weak", files=files, by=bob)

    assert not Split.objects.exists()


@pytest.mark.parametrize("name", ["", "x" * 81, "published"])
def test_split_of_a_name_that_cannot_be(dataset, bob, name):
    with pytest.raises(UserError) as refused:
        make_split(dataset=dataset, name=name, n_folds=2, by=bob)

    assert refused.value.field == "name"


def test_viewers_make_no_split(dataset, vera):
    for act in (
        lambda: import_split(dataset=dataset, name="x", files=[given("n1", "test")], by=vera),
        lambda: make_split(dataset=dataset, name="x", n_folds=2, by=vera),
        lambda: set_groups(dataset=dataset, file=given("name,source\nn1,a"), by=vera),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_make_folds_keeps_sources_together(dataset, bob):
    folds = make_split(dataset=dataset, name="cv", held_out_by="source", n_folds=3, by=bob)

    assert all(parts_of(fold)["Normal/n1"] == parts_of(fold)["Normal/n2"] for fold in folds)
    assert [texts(fold) for fold in folds] == [
        [
            "3 folds cannot be stratified: fold 1 has no abnormal video to test on, of those in 1 "
            "group that may not be parted"
        ]
    ] * 3
    assert folds[0].origin == "3 folds, seed 0"


def test_make_folds_says_which_videos_have_no_group(dataset, bob):
    [first, _second] = make_split(
        dataset=dataset, name="cv", held_out_by="actor", n_folds=2, by=bob
    )

    assert any(text.startswith("4 of 4 videos have no actor") for text in texts(first))


def test_hold_out_validation_from_the_newest_split(dataset, bob):
    base = [given("n1\nn2\nn3", "train"), given("s1", "test")]
    import_split(dataset=dataset, name="weak", files=base, by=bob)

    [split] = make_split(
        dataset=dataset, name="held out", held_out_by="source", validation_share=0.3, by=bob
    )

    assert parts_of(split) == {
        "Normal/n1": "train",
        "Normal/n2": "train",
        "Normal/n3": "validation",
        "Stealing/s1": "test",
    }
    assert split.origin == "weak v1, 30% for validation, seed 0"


def test_hold_out_validation_takes_no_video_with_abnormal_frames(dataset, bob):
    base = [given("n1\nn2\nn3", "train"), given("s1", "test")]
    import_split(dataset=dataset, name="weak", files=base, by=bob)
    truth = AnnotationSetFactory.create(dataset=dataset)
    for name in ("Normal/n1", "Normal/n3"):
        IntervalFactory.create(annotation_set=truth, video=dataset.videos.get(name=name))

    with pytest.raises(UserError, match="some of the 1 normal videos must be left to train on"):
        make_split(dataset=dataset, name="held out", validation_share=0.3, by=bob)


def test_hold_out_validation_of_both_kinds_by_the_ground_truth(dataset, bob):
    """A video that its label calls normal and the ground truth does not is an abnormal one."""
    base = [given("n1\nn2\nn3", "train"), given("s1", "train")]
    import_split(dataset=dataset, name="weak", files=base, by=bob)
    truth = AnnotationSetFactory.create(dataset=dataset)
    IntervalFactory.create(annotation_set=truth, video=dataset.videos.get(name="Normal/n3"))

    [split] = make_split(
        dataset=dataset, name="held out", validation_share=0.3, with_abnormal=True, by=bob
    )

    held = split.members.filter(part="validation").values_list("video__name", flat=True)
    assert len(held) == 2
    assert len({"Normal/n1", "Normal/n2"} & set(held)) == 1
    assert split.origin == "weak v1, 30% of both kinds for validation, seed 0"


def test_hold_out_validation_without_a_split(dataset, bob):
    with pytest.raises(UserError, match="The dataset has no split yet"):
        make_split(dataset=dataset, name="x", validation_share=0.3, by=bob)


@pytest.mark.parametrize("asked", [{}, {"n_folds": 2, "validation_share": 0.5}])
def test_make_split_of_either_kind(dataset, bob, asked):
    with pytest.raises(UserError, match="either for folds or"):
        make_split(dataset=dataset, name="x", by=bob, **asked)


def test_set_groups_looks_at_splits_again(dataset, bob):
    files = [given("n1", "train"), given("s1", "test")]
    [split] = import_split(dataset=dataset, name="weak", files=files, by=bob)
    n_before = len(split.report)

    [missing] = set_groups(
        dataset=dataset, file=given("name,actor\nn1,zoe\ns1,zoe\nnobody,zoe"), by=bob
    )

    split.refresh_from_db()
    assert missing.text.startswith("1 of 3 names are no video")
    assert len(split.report) == n_before + 1
    assert texts(split)[0].startswith("train and test have videos with the same person")
    assert Video.objects.get(name="Normal/n1").source == "a"


def test_review_replaces_leaks_and_keeps_the_rest(dataset, bob):
    files = [given("n1", "train"), given("n2\nnowhere", "test")]
    [split] = import_split(dataset=dataset, name="weak", files=files, by=bob)
    before = split.report
    review_splits(dataset)
    split.refresh_from_db()
    assert split.report == before

    dataset.videos.update(source="")
    review_splits(dataset)

    split.refresh_from_db()
    assert split.report == before[1:]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("name\nn1", "needs a column called name and one called source or camera or actor"),
        ("name,source\nnobody,a", "list.txt names no video of this dataset"),
        (f"name,source\nn1,{'x' * 201}", "The source of Normal/n1 is longer than 200"),
        ("name,source\nn1,a\nNormal/n1,b", "n1 and Normal/n1 both name Normal/n1, and give it"),
    ],
)
def test_groups_that_cannot_be(dataset, bob, table, sentence):
    with pytest.raises(UserError, match=sentence):
        set_groups(dataset=dataset, file=given(table), by=bob)


def test_equal_files_in_train_and_test(dataset, bob):
    dataset.videos.update(sha256="f" * 64, source="")
    files = [given("n1", "train"), given("s1", "test")]

    [split] = import_split(dataset=dataset, name="weak", files=files, by=bob)

    assert split.report[0]["level"] == "error"
    assert split.report[0]["text"].endswith("2 videos. Normal/n1 = Stealing/s1")


def test_names_of_several_videos_are_nobody():
    videos = [
        Video(pk=str(n), name=name, part=part)
        for n, (name, part) in enumerate(
            [("a/x", "train"), ("b/x", "test"), ("01_014", "train"), ("y", "test")]
        )
    ]
    index = index_of(videos)

    assert index.find("x") is None
    assert index.find("b/x") == videos[1]
    assert index.find("deep/b/x.MP4") == videos[1]
    assert index.find("elsewhere/y") == videos[3]
    assert index.find("elsewhere/x") is None
    assert index.find("train/y") is None
    assert index.find("01_0014") is None


def test_a_list_says_why_a_name_is_left_out(dataset, bob):
    VideoFactory.create(dataset=dataset, name="Other/n1")
    paths = "Abuse/n3.mp4\nAbuse/nowhere.mp4\nNormal/n3.mp4"
    files = [given("n2\nn1", "train"), given(paths, "test", name="test.txt")]

    [split] = import_split(dataset=dataset, name="weak", files=files, by=bob)

    assert texts(split)[:3] == [
        "1 of 2 names are no video of this dataset, or may be several, and are left out: n1 (it "
        "may be any of Normal/n1, Other/n1: name the folder, too)",
        "2 of 3 names are no video of this dataset, or may be several, and are left out: "
        "Abuse/n3 (no clip lies there; of that name there is Normal/n3), Abuse/nowhere (there is "
        "no such clip)",
        "3 videos of the dataset are in no part: Normal/n1, Other/n1, Stealing/s1",
    ]


def names_of(split, part="test"):
    return [video.name for video in clips_in_order(split, part)]


def test_a_split_from_a_list_keeps_its_order_and_hands_it_on(dataset, bob):
    files = [given("s1\nn3", "test"), given("n2\nn1", "train")]

    [split] = import_split(dataset=dataset, name="weak", files=files, by=bob)
    [derived] = make_split(
        dataset=dataset, name="held", validation_share=0.5, base=split, seed=1, by=bob
    )

    for each in (split, derived):
        assert names_of(each) == ["Stealing/s1", "Normal/n3"]
        assert stated_order(each, clips_in_order(each, "test")) == (
            f"its scores go through Stealing/s1, Normal/n3 (2 clips), as the list of {each} has "
            "them"
        )
    assert names_of(split, "train") == ["Normal/n2", "Normal/n1"]


def test_other_splits_go_by_the_last_part_of_names(dataset, bob):
    for name in ("z/2", "a/10"):
        VideoFactory.create(dataset=dataset, name=name, label="normal")

    folds = make_split(dataset=dataset, name="cv", n_folds=2, by=bob)

    order = ["Normal/n1", "Normal/n2", "Normal/n3", "Stealing/s1", "z/2", "a/10"]
    for fold in folds:
        tested = names_of(fold)
        assert tested == [name for name in order if name in tested]
        assert "by the last part of their names" in stated_order(fold, clips_in_order(fold, "test"))


def test_a_rejected_video_is_in_no_order(dataset, bob):
    [split] = import_split(dataset=dataset, name="weak", files=[given("n2\nn1", "test")], by=bob)

    Video.objects.filter(name="Normal/n2").update(status="rejected")

    assert names_of(split) == ["Normal/n1"]


def url(dataset, page):
    return f"/datasets/{dataset.pk}/{page}"


def uploaded(text, name="list.txt"):
    return SimpleUploadedFile(name, text.encode())


def test_page_imports_lists(as_bob, dataset):
    files = {"train": uploaded("n1"), "test": [uploaded("n2"), uploaded("s1")]}

    response = as_bob.post(url(dataset, "splits/import"), {"name": "weak", **files}, follow=True)

    assert parts_of(Split.objects.get()) == {
        "Normal/n1": "train",
        "Normal/n2": "test",
        "Stealing/s1": "test",
    }
    assert "weak v1 is made." in response.text
    assert "the same source recording" in response.text
    assert "chip--warning" in response.text


def test_page_shows_why_a_list_is_refused(as_bob, dataset):
    files = {"tables": uploaded("n1")}

    response = as_bob.post(url(dataset, "splits/import"), {"name": "weak", **files})

    assert response.status_code == 422
    assert "does not say which part" in response.text


@pytest.mark.parametrize("kind", ["folds", "validation"])
def test_page_makes_splits(as_bob, bob, dataset, kind):
    import_split(dataset=dataset, name="b", files=[given("n1\nn2\nn3", "train")], by=bob)
    answers = {"name": kind, "kind": kind, "held_out_by": "source", "n_folds": 2, "percent": 30}

    response = as_bob.post(url(dataset, "splits/make"), answers | {"seed": 0}, follow=True)

    n_made = 2 if kind == "folds" else 1
    assert dataset.splits.filter(name=kind, held_out_by="source").count() == n_made
    assert f"{kind} v1 is made" in response.text


def test_page_takes_groups(as_bob, dataset):
    response = as_bob.post(
        url(dataset, "groups"), {"groups": uploaded("name,camera\nn1,7\nnobody,8")}, follow=True
    )

    assert Video.objects.get(name="Normal/n1").camera == "7"
    assert "1 of 2 names are no video of this dataset" in response.text


def test_page_lists_the_newest_split_first_and_folds_in_order(as_vera, dataset, bob):
    import_split(dataset=dataset, name="weak", files=[given("n1", "test")], by=bob)
    make_split(dataset=dataset, name="cv", n_folds=3, by=bob)

    page = as_vera.get(f"/datasets/{dataset.pk}?tab=splits").text

    names = ["cv v1, fold 1", "cv v1, fold 2", "cv v1, fold 3", "weak v1"]
    places = [page.index(name) for name in names]
    assert places == sorted(places)


def test_page_of_forms(as_bob, as_vera, as_charlie, dataset):
    page = url(dataset, "splits/new")

    assert "Make the split" in as_bob.get(page).text
    assert as_vera.get(page).status_code == 403
    assert as_charlie.get(page).status_code == 404
    assert "splits/new" not in as_vera.get(f"/datasets/{dataset.pk}?tab=splits").text


@pytest.mark.shared_data
def test_real_folds_of_shoplifting(team, bob, shared_data: Path):
    folder = shared_data / SHOPLIFTING
    dataset = DatasetFactory.create(team=team)
    table = (folder / "annotation_20181219.csv").read_text().splitlines()[1:]
    rows = [line.split() for line in table]
    Video.objects.bulk_create(
        Video(dataset=dataset, name=row[2], source=row[1].partition("_")[2], status="ready",
              kind="listed", n_frames=1)
        for row in rows
    )  # fmt: skip
    names = [f"cross_validation_20181220_{number}.csv" for number in range(1, 5)]
    files = [GivenList(name=name, data=(folder / name).read_bytes()) for name in names]

    folds = import_split(dataset=Dataset.objects.get(), name="four", files=files, by=bob)

    assert len(folds) == 4
    unheld, torn = texts(folds[3])[:2]
    assert unheld.startswith("4 of 356 videos are held out by no fold")
    assert torn.startswith("14 of 70 groups with the same source recording are not held out")


def test_import_of_a_folder_looks_at_the_published_split(team):
    dataset = DatasetFactory.create(team=team)
    for part in ("train", "test"):
        VideoFactory.create(dataset=dataset, name=f"{part}/1", part=part, sha256="f" * 64)

    finish_import(dataset, "folder")

    [finding] = dataset.splits.get(name="published").report
    assert finding["level"] == "error"
    assert finding["text"].startswith("train and test have videos with the same content")


def test_set_groups_takes_times_within_the_source(dataset, bob):
    Video.objects.update(duration_seconds=2)
    files = [given("n1", "train"), given("n2", "test")]
    [split] = import_split(dataset=dataset, name="weak", files=files, by=bob)
    table = "name,source,start_s,end_s\nn1,a,1,3\nn2,a,2.5,4.5\nn3,b,9,3\ns1,c,0,11"

    turned, unlike = set_groups(dataset=dataset, file=given(table), by=bob)

    assert turned.text.endswith("are compared with no other: n3")
    assert unlike.text.endswith("s1 (2.0 s, 11.0 s by its times)")
    split.refresh_from_db()
    assert any(
        text.endswith("lie in two parts of a fold: Normal/n1 and Normal/n2 by 0.50 s")
        for text in texts(split)
    )
