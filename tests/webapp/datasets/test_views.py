import pytest
from django.urls import reverse

from tests.conftest import logged_in
from tests.factories.accounts import MembershipFactory
from tests.factories.datasets import (
    AnnotationSetFactory,
    DatasetFactory,
    IntervalFactory,
    SplitFactory,
    SplitMemberFactory,
    VideoFactory,
)
from tests.factories.jobs import JobFactory
from webapp.datasets.models import Dataset, Video
from webapp.jobs.models import Job

LIST_URL = "/datasets"
NEW_URL = "/datasets/new"


@pytest.fixture
def dataset(team):
    return DatasetFactory.create(team=team, name="Corridor", description="A long one.")


@pytest.fixture
def folder(settings):
    folder = settings.DATA_ROOTS[0] / "corridor"
    folder.mkdir(parents=True)
    return folder


def url(dataset):
    return f"/datasets/{dataset.pk}"


def fill(dataset, *, n_videos):
    """Videos with a poster, two intervals each in the newest ground truth, and a split."""
    truth = AnnotationSetFactory.create(dataset=dataset)
    split = SplitFactory.create(dataset=dataset)
    for video in VideoFactory.create_batch(n_videos, dataset=dataset, poster="p.jpg"):
        SplitMemberFactory.create(split=split, video=video)
        IntervalFactory.create(annotation_set=truth, video=video, label="running")
        IntervalFactory.create(annotation_set=truth, video=video, start_frame=80, end_frame=90)


def names_on(response):
    return [video.name for video in response.context["page_obj"]]


def test_list_counts_ready_videos(as_vera, dataset):
    VideoFactory.create_batch(2, dataset=dataset, n_frames=1500, duration_seconds=60)
    VideoFactory.create(dataset=dataset, status="rejected", n_frames=0)
    VideoFactory.create(dataset=dataset, status="retired")

    page = as_vera.get(LIST_URL).text

    assert "Corridor" in page
    assert "3,000" in page
    assert "2 min 00 s" in page
    assert "+ 1 rejected" in page


def test_list_hides_other_teams(as_charlie, dataset):
    assert "Corridor" not in as_charlie.get(LIST_URL).text


def test_list_shows_state_of_import(as_vera, team):
    job = JobFactory.create(team=team, kind="import", held=True)
    DatasetFactory.create(team=team, import_job=job)

    assert "chip--running" in as_vera.get(LIST_URL).text


def test_list_empty_offers_first_step_to_those_who_may(as_bob, as_vera):
    assert f'href="{NEW_URL}"' in as_bob.get(LIST_URL).text
    assert f'href="{NEW_URL}"' not in as_vera.get(LIST_URL).text


def test_list_needs_as_many_queries_for_many_as_for_one(as_vera, team, django_assert_num_queries):
    for dataset in DatasetFactory.create_batch(
        5, team=team, import_job=JobFactory.create(team=team, kind="import")
    ):
        fill(dataset, n_videos=2)

    with django_assert_num_queries(8):
        as_vera.get(LIST_URL)


@pytest.mark.parametrize(
    "address", [LIST_URL, NEW_URL, "/datasets/ds_1", "/datasets/ds_1/progress"]
)
def test_pages_ask_anonymous_to_log_in(client, db, address):
    response = client.get(address)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("accounts:login"))


def test_new_registers_and_leads_to_dataset(as_bob, folder, settings):
    root = str(settings.DATA_ROOTS[0])
    form = {"name": "Corridor", "root": root, "folder": "corridor", "description": "Long."}

    response = as_bob.post(NEW_URL, form)

    dataset = Dataset.objects.get()
    assert response["Location"] == url(dataset)
    assert (dataset.folder, dataset.description) == (str(folder), "Long.")
    assert dataset.import_job.kind == "import"


@pytest.mark.parametrize(
    "payload", ["../..", "/etc", "..%2f..", "%2e%2e/%2e%2e", "none", "a\\..\\.."]
)
def test_new_refuses_folder_next_to_its_field(as_bob, folder, settings, payload):
    root = str(settings.DATA_ROOTS[0])

    response = as_bob.post(NEW_URL, {"name": "Corridor", "root": root, "folder": payload})

    assert response.status_code == 422
    (sentence,) = response.context["form"].errors["folder"]
    assert sentence.startswith("There is no folder")
    assert Dataset.objects.count() == 0


def test_new_refuses_root_that_is_not_shared(as_bob, folder):
    response = as_bob.post(NEW_URL, {"name": "Corridor", "root": "/etc", "folder": ""})

    assert response.status_code == 422
    assert "root" in response.context["form"].errors


def test_new_refuses_taken_name_next_to_its_field(as_bob, dataset, folder, settings):
    form = {"name": "Corridor", "root": str(settings.DATA_ROOTS[0]), "folder": "corridor"}

    response = as_bob.post(NEW_URL, form)

    assert "already has a dataset" in response.context["form"].errors["name"][0]
    assert 'id="id_name_error"' in response.text


def test_new_offers_folders(as_bob, folder):
    assert '<option value="corridor">' in as_bob.get(NEW_URL).text


def test_new_without_roots_names_the_setting(as_bob, settings):
    settings.DATA_ROOTS = []

    assert "IWAKAN_DATA_ROOTS" in as_bob.get(NEW_URL).text


def test_new_viewer_may_not(as_vera, folder):
    assert as_vera.get(NEW_URL).status_code == 403
    assert as_vera.post(NEW_URL, {"name": "Corridor", "folder": "corridor"}).status_code == 403


def test_detail_shows_facts(as_vera, dataset):
    fill(dataset, n_videos=2)

    page = as_vera.get(url(dataset)).text

    assert "A long one." in page
    assert "running" in page
    assert dataset.content_hash[:12] in page
    assert "/data/corridor" in page


def test_detail_draws_ground_truth_strips(as_vera, dataset):
    fill(dataset, n_videos=1)

    page = as_vera.get(url(dataset)).text

    assert "left: 20.000%" in page
    assert "width: 40.000%" in page
    assert "2 abnormal intervals" in page


def test_detail_draws_newest_ground_truth_only(as_vera, dataset):
    fill(dataset, n_videos=1)
    newer = AnnotationSetFactory.create(dataset=dataset)
    IntervalFactory.create(
        annotation_set=newer, video=Video.objects.get(), start_frame=0, end_frame=10
    )

    page = as_vera.get(url(dataset)).text

    assert "left: 0.000%" in page
    assert "left: 20.000%" not in page


def test_detail_links_each_poster_to_its_video(as_vera, dataset):
    fill(dataset, n_videos=1)
    video = Video.objects.get()

    page = as_vera.get(url(dataset)).text

    assert f'href="/videos/{video.pk}"' in page
    assert f'src="/videos/{video.pk}/poster"' in page


def test_detail_needs_as_many_queries_for_many_videos_as_for_one(
    as_vera, dataset, django_assert_num_queries
):
    fill(dataset, n_videos=20)
    Dataset.objects.update(import_job=JobFactory.create(team=dataset.team, ended=True))

    with django_assert_num_queries(14):
        as_vera.get(url(dataset))


def test_detail_filters_by_part_label_and_status(as_vera, dataset):
    VideoFactory.create(dataset=dataset, name="train/a", part="train", label="normal")
    VideoFactory.create(dataset=dataset, name="test/a", part="test", label="normal")
    VideoFactory.create(dataset=dataset, name="test/b", part="test", label="fight")
    VideoFactory.create(dataset=dataset, name="test/c", status="rejected", n_frames=0)
    VideoFactory.create(dataset=dataset, name="test/d", status="retired")

    def shown(query):
        return names_on(as_vera.get(f"{url(dataset)}?{query}"))

    assert shown("") == ["test/a", "test/b", "test/c", "train/a"]
    assert shown("part=train") == ["train/a"]
    assert shown("part=test&label=normal") == ["test/a"]
    assert shown("status=rejected") == ["test/c"]
    assert shown("status=retired") == ["test/d"]
    assert shown("label=nonsense&part=test") == ["test/a", "test/b", "test/c"]


def test_detail_pages_through_many_videos(as_vera, dataset):
    VideoFactory.create_batch(61, dataset=dataset, label="normal")

    first = as_vera.get(f"{url(dataset)}?label=normal")
    second = as_vera.get(f"{url(dataset)}?label=normal&page=2")

    assert (len(names_on(first)), len(names_on(second))) == (60, 1)
    assert "?label=normal&amp;page=2" in first.text


def test_detail_import_tab_shows_errors_first_and_rejected_videos(as_vera, dataset):
    dataset.report = [
        {"level": "info", "subject": "", "text": "Read 12 files."},
        {"level": "error", "subject": "test/b", "text": "Cannot be read."},
    ]
    dataset.save()
    VideoFactory.create(dataset=dataset, status="rejected", n_frames=0, reason="It is empty.")

    page = as_vera.get(f"{url(dataset)}?tab=import").text

    assert page.index("Cannot be read.") < page.index("Read 12 files.")
    assert "It is empty." in page


def test_detail_splits_and_ground_truth_tabs(as_vera, dataset):
    fill(dataset, n_videos=3)

    splits = as_vera.get(f"{url(dataset)}?tab=splits").text
    ground_truth = as_vera.get(f"{url(dataset)}?tab=ground-truth").text

    assert "published v" in splits
    assert "labels.csv" in ground_truth
    assert '<td class="num">6</td>' in ground_truth


def test_detail_offers_what_the_role_allows(as_bob, as_vera, dataset):
    run_link = f'href="/runs/new?dataset={dataset.pk}"'

    assert run_link in as_bob.get(url(dataset)).text
    assert "Import again" in as_bob.get(url(dataset)).text
    assert run_link not in as_vera.get(url(dataset)).text
    assert "Import again" not in as_vera.get(url(dataset)).text


def test_detail_of_failed_import_says_why(as_vera, dataset):
    job = JobFactory.create(team=dataset.team, ended=True, status="failed", reason="Disk is full.")
    Dataset.objects.update(import_job=job, content_hash="")

    page = as_vera.get(url(dataset)).text

    assert "Disk is full." in page
    assert f'href="/jobs/{job.pk}"' in page
    assert "hx-get" not in page


@pytest.mark.parametrize("address", ["", "/progress"])
def test_detail_stranger_finds_nothing(as_charlie, dataset, address):
    assert as_charlie.get(url(dataset) + address).status_code == 404


def test_detail_escapes_what_people_and_files_are_called(as_vera, team):
    evil = "<script>alert(1)</script>"
    dataset = DatasetFactory.create(
        team=team, name=evil, description=evil,
        report=[{"level": "error", "subject": evil, "text": evil}],
    )  # fmt: skip
    VideoFactory.create(dataset=dataset, name=evil, label=evil, reason=evil, poster="p.jpg")

    for tab in ("videos", "import", "splits"):
        assert evil not in as_vera.get(f"{url(dataset)}?tab={tab}").text


def test_progress_of_running_import(as_vera, dataset):
    progress = {"done": 3, "total": 20, "unit": "videos", "eta_seconds": 61}
    job = JobFactory.create(team=dataset.team, kind="import", held=True, progress=progress)
    Dataset.objects.update(import_job=job)

    response = as_vera.get(f"{url(dataset)}/progress?shown={job.pk}-running")

    assert "3 / 20 videos" in response.text
    assert "1 min 01 s left" in response.text
    assert "every 2s" in response.text


def test_progress_of_waiting_import_says_what_it_waits_for(as_vera, dataset):
    job = JobFactory.create(team=dataset.team, kind="import", status="queued")
    Dataset.objects.update(import_job=job)

    assert "cpu" in as_vera.get(f"{url(dataset)}/progress?shown={job.pk}-queued").text


def test_progress_reloads_page_when_state_has_changed(as_vera, dataset):
    job = JobFactory.create(team=dataset.team, kind="import", ended=True)
    Dataset.objects.update(import_job=job)

    response = as_vera.get(f"{url(dataset)}/progress?shown={job.pk}-running")

    assert response["HX-Refresh"] == "true"


def test_import_again_submits_a_job(as_bob, team, folder):
    dataset = DatasetFactory.create(team=team, folder=str(folder))

    response = as_bob.post(f"{url(dataset)}/import")

    assert response["Location"] == url(dataset)
    assert Job.objects.get().subject_id == dataset.pk


def test_import_again_decides_about_numbers_only_where_it_is_asked(as_bob, team, folder):
    dataset = DatasetFactory.create(team=team, folder=str(folder))

    def decided(**form):
        Job.objects.all().delete()
        as_bob.post(f"{url(dataset)}/import", form)
        dataset.refresh_from_db()
        return dataset.frame_numbers

    assert decided(frame_numbers="order") == "order"
    assert decided() == "order"
    assert decided(frame_numbers="") == ""


def test_import_again_refuses_a_decision_that_does_not_exist(as_bob, team, folder):
    dataset = DatasetFactory.create(team=team, folder=str(folder), frame_numbers="order")

    answer = as_bob.post(f"{url(dataset)}/import", {"frame_numbers": "guess"})

    assert answer.status_code == 422
    assert "guess" in answer.text
    assert Job.objects.count() == 0
    dataset.refresh_from_db()
    assert dataset.frame_numbers == "order"


def test_import_tab_asks_what_frames_are_whose_numbers_do_not_fit(as_bob, as_vera, dataset):
    VideoFactory.create(dataset=dataset, kind="frames", numbering_fault="3 numbers are missing")
    button = "Import again, pictures as they lie"

    page = as_bob.get(f"{url(dataset)}?tab=import").text

    assert "Frames whose numbers do not fit" in page
    assert button in page
    assert button not in as_vera.get(f"{url(dataset)}?tab=import").text
    Dataset.objects.update(frame_numbers="order")
    assert "Import again by the numbers" in as_bob.get(f"{url(dataset)}?tab=import").text


def test_import_tab_is_silent_about_numbers_that_fit(as_bob, dataset):
    VideoFactory.create(dataset=dataset)

    assert "numbers do not fit" not in as_bob.get(f"{url(dataset)}?tab=import").text


def test_import_again_while_importing_is_a_conflict(as_bob, team, folder):
    job = JobFactory.create(team=team, kind="import", held=True)
    dataset = DatasetFactory.create(team=team, folder=str(folder), import_job=job)

    response = as_bob.post(f"{url(dataset)}/import")

    assert response.status_code == 409
    assert "being imported already" in response.text


def test_import_again_is_for_members_only(as_vera, as_charlie, dataset):
    assert as_vera.post(f"{url(dataset)}/import").status_code == 403
    assert as_charlie.post(f"{url(dataset)}/import").status_code == 404
    assert as_vera.get(f"{url(dataset)}/import").status_code == 405


def test_new_dataset_belongs_to_the_team_that_is_worked_in(db, settings, folder):
    first = MembershipFactory.create(team__name="A team")
    second = MembershipFactory.create(team__name="B team", user=first.user)
    client = logged_in(first.user)
    client.post(reverse("accounts:switch_team"), {"team": second.team.pk})

    client.post(NEW_URL, {"name": "Corridor", "root": settings.DATA_ROOTS[0], "folder": ""})

    assert Dataset.objects.get().team == second.team


@pytest.mark.parametrize(
    ("tab", "sentence"),
    [("videos", "The import ended before"), ("import", "did not come to its end")],
)
def test_detail_of_an_import_cancelled_while_it_waited(as_vera, dataset, tab, sentence):
    dataset.import_job = JobFactory.create(team=dataset.team, ended=True, status="cancelled")
    dataset.save()
    dataset.videos.all().delete()

    page = as_vera.get(f"/datasets/{dataset.pk}?tab={tab}").content.decode()

    assert sentence in page
    assert "found none" not in page
    assert "fits together" not in page
