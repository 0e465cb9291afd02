"""Uploads at the same time, with real threads, and uploads whose connection was cut."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Iterator
from itertools import count
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import numpy as np
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection

from ml.scores.files import Layout
from tests.factories.datasets import VideoFactory
from tests.factories.results import add_to_test
from tests.factories.runs import RunFactory
from tests.patience import PATIENCE
from tests.race import race
from webapp.accounts import services as accounts
from webapp.accounts.models import Team, User
from webapp.common.errors import ConflictError
from webapp.results.models import Evaluation, PendingScores, ScoreSet, VideoScores
from webapp.results.protocols.presets import PRESETS
from webapp.results.scores.uploads import create_uploaded_run, store_score_set, store_scores
from webapp.runs.models import Run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("eager_worker")]

N_VIDEOS, N_FRAMES = 6, 40
NAMES = [f"{number:02}" for number in range(N_VIDEOS)]


@pytest.fixture
def run(team: Team, bob: User) -> Run:
    """It waits for the scores of six videos."""
    template = RunFactory.create(team=team)
    for name in NAMES:
        video = VideoFactory.create(dataset=template.dataset, name=name, n_frames=N_FRAMES)
        add_to_test(template, video, [0] * (N_FRAMES - 10) + [1] * 10)
    return create_uploaded_run(
        team=team, dataset=template.dataset, split=template.split, method_title="RTFM", by=bob
    )


def scores(level: float, names: list[str] = NAMES) -> dict[str, np.ndarray]:
    """Of one sender: all of its scores lie between `level` and `level` + 1."""
    rng = np.random.default_rng(int(level))
    return {name: np.float32(level) + rng.random(N_FRAMES, np.float32) / 2 for name in names}


def file_of(values: dict[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **values)
    return file.getvalue()


def send(run: Run, values: dict[str, np.ndarray], by: User) -> Any:
    return store_score_set(run=run, data=file_of(values), layout=Layout(), by=by)


def stored(run: Run) -> dict[str, list[float]]:
    rows = VideoScores.objects.filter(score_set__run=run).select_related("video")
    return {row.video.name: row.scores.values.tolist() for row in rows}


def as_lists(values: dict[str, np.ndarray]) -> dict[str, list[float]]:
    return {name: each.tolist() for name, each in values.items()}


def assert_complete(run: Run) -> None:
    assert ScoreSet.objects.filter(run=run).count() == 1
    assert not PendingScores.objects.exists()
    assert Evaluation.objects.filter(score_set__run=run).count() == len(PRESETS)
    assert Run.objects.get(pk=run.pk).status == "succeeded"


def test_of_two_different_sets_one_is_stored_whole(run: Run, bob: User) -> None:
    senders = count(1)
    outcomes = race(lambda: send(run, scores(next(senders)), bob), n_threads=2)

    refused = [each for each in outcomes if isinstance(each, Exception)]
    assert [type(each) for each in refused] == [ConflictError]
    assert "complete, with other scores" in str(refused[0])
    assert stored(run) in [as_lists(scores(1)), as_lists(scores(2))]
    assert_complete(run)


def test_the_same_set_from_eight_at_once_is_stored_once(run: Run, bob: User) -> None:
    outcomes = race(lambda: send(run, scores(1), bob), n_threads=8)

    assert [each.is_complete for each in outcomes] == [True] * 8
    assert stored(run) == as_lists(scores(1))
    assert_complete(run)


def test_two_halves_at_once_complete_the_run_once(run: Run, bob: User) -> None:
    halves = iter([NAMES[:3], NAMES[3:]])
    outcomes = race(lambda: send(run, scores(1, next(halves)), bob), n_threads=2)

    assert sorted(each.is_complete for each in outcomes) == [False, True]
    assert {name: len(each) for name, each in stored(run).items()} == dict.fromkeys(NAMES, N_FRAMES)
    assert_complete(run)


def test_every_video_by_itself_at_once_loses_none(run: Run, bob: User) -> None:
    videos = iter(run.dataset.videos.order_by("name"))

    def one() -> Any:
        video = next(videos)
        data = json.dumps([float(video.name)] * N_FRAMES).encode()
        return store_scores(run=run, video=video, data=data, layout=Layout(), by=bob)

    outcomes = race(one, n_threads=N_VIDEOS)

    assert sum(each.is_complete for each in outcomes) == 1
    assert stored(run) == {name: [float(name)] * N_FRAMES for name in NAMES}
    assert_complete(run)


def test_a_fault_of_one_sender_does_not_touch_the_other(run: Run, bob: User) -> None:
    files = iter([scores(1), scores(2) | {"05": np.ones(N_FRAMES + 1, np.float32)}])
    outcomes = race(lambda: send(run, next(files), bob), n_threads=2)

    assert sum(isinstance(each, Exception) for each in outcomes) == 1
    assert stored(run) == as_lists(scores(1))
    assert_complete(run)


# --- Connections that end too early


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def address(settings: Any) -> Iterator[tuple[str, int]]:
    """Of the site behind a real socket."""
    settings.SECURE_SSL_REDIRECT = False
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)

    def serve() -> None:
        server.serve_forever()
        connection.close()

    thread = Thread(target=serve, daemon=True)
    thread.start()
    yield server.server_address
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def head(run: Run, bob: User) -> str:
    """Of a request that brings scores."""
    _token, secret = accounts.create_token(team=run.team, name="x", scope="submit", by=bob)
    return (
        f"PUT /api/v1/runs/{run.pk}/scores HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {secret}\r\nContent-Type: application/octet-stream\r\n"
    )


def answer_to(address: tuple[str, int], head: str, body: bytes) -> tuple[int, str]:
    """Status and body of the answer; nothing more is sent after `body`."""
    with socket.create_connection(address, timeout=PATIENCE) as line:
        line.sendall(head.encode() + b"\r\n" + body)
        line.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: line.recv(65_536), b"")).decode()
    return int(answer.split()[1]), answer.partition("\r\n\r\n")[2]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_cut_upload_stores_nothing_and_can_be_sent_again(
    run: Run, address: tuple[str, int], head: str, share: float
) -> None:
    whole = file_of(scores(1))
    with_length = f"{head}Content-Length: {len(whole)}\r\n"

    status, text = answer_to(address, with_length, whole[: int(share * len(whole))])

    assert status == 400
    assert "The upload was cut" in text
    assert not PendingScores.objects.exists()
    assert not ScoreSet.objects.exists()
    assert answer_to(address, with_length, whole)[0] == 200
    assert stored(run) == as_lists(scores(1))
    assert_complete(run)


def test_a_cut_table_is_not_taken_for_a_shorter_one(
    run: Run, address: tuple[str, int], head: str
) -> None:
    """What came is a whole table of all frames: only its last number lost a digit."""
    lines = [f"{name},0.125" for name in NAMES for _ in range(N_FRAMES)]
    table = "\n".join(["video,score", *lines]).encode()

    status, _text = answer_to(address, f"{head}Content-Length: {len(table)}\r\n", table[:-1])

    assert status == 400
    assert not PendingScores.objects.exists()
    assert not ScoreSet.objects.exists()


def test_an_upload_without_a_length_is_refused(
    run: Run, address: tuple[str, int], head: str
) -> None:
    whole = file_of(scores(1))
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(whole), whole)

    status, text = answer_to(address, f"{head}Transfer-Encoding: chunked\r\n", chunks)

    assert (status, json.loads(text)["code"]) == (411, "length_required")
    assert not PendingScores.objects.exists()
