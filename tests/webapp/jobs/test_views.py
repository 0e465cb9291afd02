import re

import pytest
from django.urls import reverse

from tests.factories.jobs import JobFactory, WorkerNodeFactory
from webapp.jobs.models import Job
from webapp.jobs.services import append_log

QUEUE = "/queue"


def text_of(response):
    """What a reader sees, in one line."""
    words = re.sub(r"<[^>]*>", " ", response.content.decode())
    return " ".join(words.replace("\xa0", " ").replace("&nbsp;", " ").split())


@pytest.fixture
def running(team, worker):
    return JobFactory.create(team=team, held=True, worker=worker, title="Conv-AE on Ped2")


def url(name, job):
    return reverse(f"jobs:{name}", args=[job.pk])


def test_queue_shows_waiting_jobs_with_place_and_reason(as_vera, team):
    JobFactory.create()  # another team's, and first
    JobFactory.create(team=team, title="Train on Ped2")

    text = text_of(as_vera.get(QUEUE))

    assert "2 Train on Ped2 Train cpu" in text
    assert "No worker is alive for queue cpu." in text


def test_queue_shows_progress_and_worker_of_running_jobs(as_vera, running):
    progress = {"stage": "train", "done": 3, "total": 20, "unit": "epochs"}
    Job.objects.update(progress=progress | {"per_second": 0.1, "eta_seconds": 170})

    text = text_of(as_vera.get(QUEUE))

    assert "Conv-AE on Ped2 Train Running" in text
    assert "3 / 20 epochs · 10 s each · 2 min 50 s left lab1:100" in text


def test_queue_shows_how_jobs_ended(as_vera, team):
    JobFactory.create(team=team, ended=True, status=Job.Status.FAILED, reason="The disk is full.")

    assert "Failed The disk is full." in text_of(as_vera.get(QUEUE))


def test_queue_shows_workers_and_what_they_run(as_vera, running):
    theirs = JobFactory.create(held=True, title="Secret of Charlie", worker=running.worker)
    WorkerNodeFactory.create(
        name="lab2:7", queues=["gpu"], last_seen_at="2020-01-01T00:00Z",
        facts={"device_name": "NVIDIA H200", "memory_bytes": 150 * 1024**3},
    )  # fmt: skip

    text = text_of(as_vera.get(QUEUE))

    assert "lab1:100 alive cpu – – 2 – Conv-AE on Ped2 Train another team’s job just now" in text
    assert "lab2:7 silent gpu NVIDIA H200 150.0 GB 1 –" in text
    assert theirs.title not in text


def test_queue_without_workers_says_how_to_start_one(as_vera):
    text = text_of(as_vera.get(QUEUE))

    assert "No worker has reported here yet" in text
    assert "python manage.py up" in text


def test_queue_takes_a_fixed_number_of_queries(
    as_vera, team, worker, django_assert_max_num_queries
):
    JobFactory.create_batch(20, team=team)
    JobFactory.create_batch(20, team=team, held=True, worker=worker)
    JobFactory.create_batch(20, team=team, ended=True)

    with django_assert_max_num_queries(26):
        as_vera.get(QUEUE)


def test_detail_of_a_waiting_job_says_why(as_vera, team):
    text = text_of(as_vera.get(url("detail", JobFactory.create(team=team))))

    assert "Created number 1 in queue cpu No worker is alive for queue cpu." in text


def test_detail_of_a_failed_job_has_the_sentence_first(as_vera, team):
    job = JobFactory.create(
        team=team, ended=True, status=Job.Status.FAILED, failure=Job.Failure.BAD_INPUT,
        reason="No normal videos.", traceback="Traceback …", provenance={"torch": "2.13.0"},
    )  # fmt: skip

    text = text_of(as_vera.get(url("detail", job)))

    assert "Failed Bad input" in text
    assert text.index("No normal videos.") < text.index("Traceback …")
    assert "torch 2.13.0" in text


def test_detail_shows_the_end_of_the_log_without_javascript(as_vera, running):
    append_log(running, "epoch 1 ✓ <b>\n".encode())

    content = as_vera.get(url("detail", running)).content.decode()

    assert "epoch 1 ✓ &lt;b&gt;" in content
    assert 'data-next="16"' in content
    assert f'href="{url("log", running)}?download"' in content


def test_detail_lists_all_tries(as_vera, running):
    Job.objects.update(status=Job.Status.LOST, finished_at=running.started_at)
    retry = JobFactory.create(
        team=running.team, subject_id=running.subject_id, retry_of=running, tries=2
    )

    content = as_vera.get(url("detail", retry)).content.decode()

    assert f'href="{url("detail", running)}"' in content
    assert "2 of 3" in content


def test_detail_for_htmx_is_only_what_changes(as_vera, running):
    response = as_vera.get(url("detail", running), headers={"HX-Request": "true"})

    content = response.content.decode()
    assert content.count('hx-swap-oob="true"') == 3
    assert "<html" not in content
    assert "data-log" not in content
    assert "HX-Request" in response["Vary"]  # else “back” shows this part as the page


def test_detail_of_an_ended_job_asks_no_more(as_vera, team):
    content = as_vera.get(url("detail", JobFactory.create(team=team, ended=True)))

    assert "hx-get" not in content.content.decode()


@pytest.mark.parametrize(("person", "is_offered"), [("as_bob", True), ("as_vera", False)])
def test_detail_offers_cancel_to_those_who_may(person, is_offered, running, request):
    content = request.getfixturevalue(person).get(url("detail", running)).content.decode()

    assert (f'action="{url("cancel", running)}"' in content) == is_offered


def test_log_goes_on_from_an_offset(as_vera, running):
    append_log(running, b"epoch 1\nepoch 2\n")

    response = as_vera.get(url("log", running), {"after": 8})

    assert response.content == b"epoch 2\n"
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Next-Offset"] == "16"
    assert "X-Job-Ended" not in response


def test_log_of_an_ended_job_says_so(as_vera, team):
    response = as_vera.get(url("log", JobFactory.create(team=team, ended=True)))

    assert (response.content, response["X-Job-Ended"]) == (b"", "1")


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 40])
def test_log_refuses_an_offset_that_is_none(after, as_vera, running):
    response = as_vera.get(url("log", running), {"after": after})

    assert response.status_code == 422
    assert "is a byte offset" in response.content.decode()


def test_log_as_a_download_is_whole(as_vera, running):
    append_log(running, b"x" * 200_000)

    response = as_vera.get(url("log", running), {"download": ""})

    assert b"".join(response.streaming_content) == b"x" * 200_000
    assert response["Content-Disposition"] == f'attachment; filename="{running.pk}.log"'


def test_cancel_asks_the_worker(as_bob, running):
    response = as_bob.post(url("cancel", running))

    assert response["Location"] == url("detail", running)
    running.refresh_from_db()
    assert running.status == Job.Status.CANCELLING


def test_cancel_of_an_ended_job_says_that_it_is_too_late(as_bob, team):
    response = as_bob.post(url("cancel", JobFactory.create(team=team, ended=True)))

    assert response.status_code == 409
    assert "already ended: succeeded" in response.content.decode()


def test_cancel_by_a_viewer_is_forbidden(as_vera, running):
    assert as_vera.post(url("cancel", running)).status_code == 403
    running.refresh_from_db()
    assert running.status == Job.Status.RUNNING


def test_cancel_by_get_is_refused(as_bob, running):
    assert as_bob.get(url("cancel", running)).status_code == 405


@pytest.mark.parametrize("name", ["detail", "log", "cancel"])
def test_strangers_find_nothing(name, as_charlie, running):
    method = as_charlie.post if name == "cancel" else as_charlie.get

    assert method(url(name, running)).status_code == 404
    assert "Conv-AE" not in text_of(as_charlie.get(QUEUE))
