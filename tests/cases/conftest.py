"""The generators of the cases, and the three doors: command line, page and REST."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import runpy
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ml.cli import main
from ml.data.survey import survey
from ml.reports import Event, Reporter
from tests.conftest import SHARED_DATA, skip_or_fail
from tests.factories.jobs import WorkerNodeFactory
from webapp.accounts import services
from webapp.accounts.models import User
from webapp.datasets.models import AnnotationImport, Dataset
from workers import supervisor

CASES = SHARED_DATA.parent / "cases"
BINARY = "application/octet-stream"
Case = Callable[[str], Path]


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder in which a generator has left its case; it runs once, in this process."""

    @functools.cache
    def generate(name: str) -> Path:
        place = tmp_path_factory.mktemp(name)
        target = place / name
        if name == "avi_dropped_tail":
            target = target.with_suffix(".avi")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", [f"{name}.py", str(target)])
            runpy.run_path(str(CASES / f"{name}.py"), run_name="__main__")
        return place

    return generate


@pytest.fixture
def case(tmp_path: Path, generated: Callable[[str], Path]) -> Case:
    """Copies what a generator has made; returns the folder below the data root."""

    def copy(name: str) -> Path:
        if not (CASES / f"{name}.py").is_file():
            skip_or_fail(f"no cases at {CASES}: set IWAKAN_SHARED_DATA")
        shutil.copytree(generated(name), tmp_path / "data", dirs_exist_ok=True)
        return tmp_path / "data" / name

    return copy


def said(*arguments: str | Path) -> Any:
    """What `python -m ml` prints as JSON; events of a survey as a list."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        main([str(each) for each in arguments])
    return json.loads(output.getvalue())


@pytest.fixture
def work(transactional_db: None) -> Callable[[], None]:
    """Run the next job to its end with a real child."""
    worker = WorkerNodeFactory.create(name="lab1:100", slots=2)
    return lambda: supervisor.run_next("cpu", worker=worker)


class Door(ABC):
    """How a person brings something to the site."""

    def __init__(self, client: Client, work: Callable[[], None]) -> None:
        self.client = client
        self.work = work

    @abstractmethod
    def register(self, folder: Path) -> Dataset: ...

    @abstractmethod
    def list_videos(self, path: Path, fps: float) -> Dataset: ...

    @abstractmethod
    def bring_truth(self, dataset: Dataset, path: Path) -> AnnotationImport:
        """The draft, once its file was read."""

    @abstractmethod
    def bring_scores(self, run_id: str, path: Path) -> None: ...


class Page(Door):
    def register(self, folder: Path) -> Dataset:
        answers = {"name": folder.name, "root": str(folder.parent), "folder": folder.name}
        return self._made("/datasets/new", answers)

    def list_videos(self, path: Path, fps: float) -> Dataset:
        file = SimpleUploadedFile(path.name, path.read_bytes())
        answers = {"name": path.parent.name, "fps": fps, "file": file}
        return self._made("/datasets/new/listed", answers)

    def bring_truth(self, dataset: Dataset, path: Path) -> AnnotationImport:
        file = SimpleUploadedFile(path.name, path.read_bytes())
        self.client.post(f"/datasets/{dataset.pk}/ground-truth/new", {"file": file})
        self.work()
        return dataset.annotation_imports.get(name=path.name)

    def bring_scores(self, run_id: str, path: Path) -> None:
        file = SimpleUploadedFile(path.name, path.read_bytes())
        self.client.post(
            f"/runs/{run_id}/scores",
            {"unit": "frame", "first_frame": 0, "frames_per_value": 1, "scores": file},
        )
        self.work()

    def _made(self, url: str, answers: dict[str, Any]) -> Dataset:
        response = self.client.post(url, answers)
        assert response.status_code == 302, response.content.decode()
        self.work()
        return Dataset.objects.get()


class Rest(Door):
    def register(self, folder: Path) -> Dataset:
        body = {"name": folder.name, "folder": str(folder)}
        response = self.client.post("/api/v1/datasets", body, content_type="application/json")
        return self._made(response)

    def list_videos(self, path: Path, fps: float) -> Dataset:
        query = {"name": path.parent.name, "list_name": path.name, "fps": fps}
        response = self.client.generic(
            "POST", "/api/v1/listed-datasets", path.read_bytes(), BINARY, query_params=query
        )
        return self._made(response)

    def bring_truth(self, dataset: Dataset, path: Path) -> AnnotationImport:
        url = f"/api/v1/datasets/{dataset.pk}/annotation-imports"
        query = {"name": path.name}
        self.client.generic("POST", url, path.read_bytes(), BINARY, query_params=query)
        self.work()
        return dataset.annotation_imports.get(name=path.name)

    def bring_scores(self, run_id: str, path: Path) -> None:
        url = f"/api/v1/runs/{run_id}/scores"
        response = self.client.put(url, path.read_bytes(), content_type=BINARY)
        assert response.json()["is_complete"], response.content.decode()
        self.work()

    def _made(self, response: Any) -> Dataset:
        assert response.status_code == 202, response.content.decode()
        self.work()
        return Dataset.objects.get()


@pytest.fixture(params=[pytest.param("page", marks=pytest.mark.soak), "rest"])
def door(request: pytest.FixtureRequest, work: Callable[[], None], bob: User) -> Door:
    return door_called(request.param, work, bob)


def door_called(name: str, work: Callable[[], None], bob: User) -> Door:
    if name == "page":
        client = Client()
        client.force_login(bob)
        return Page(client, work)
    _token, secret = services.create_token(
        team=bob.teams.get(), name="script", scope="submit", by=bob
    )
    return Rest(Client(headers={"authorization": f"Bearer {secret}"}), work)


@dataclass(frozen=True)
class Looked:
    """What came of a folder: facts of videos, intervals and findings, each by the video's name."""

    videos: dict[str, Any]
    truth: dict[str, list[list[int]]]
    findings: dict[str, list[str]]  # "level: sentence"


@pytest.fixture(params=["command line", pytest.param("page", marks=pytest.mark.soak), "rest"])
def look(
    request: pytest.FixtureRequest, work: Callable[[], None], bob: User
) -> Callable[[Path], Looked]:
    """Import a folder through one of the doors."""
    if request.param == "command line":
        return surveyed
    return lambda folder: stored(door_called(request.param, work, bob).register(folder))


def surveyed(folder: Path) -> Looked:
    """As `python -m ml survey` reports it."""
    events: list[Event] = []
    spec = {"folder": str(folder), "out_dir": str(folder.with_name("out"))}
    survey(spec, Reporter(lambda event: events.append(json.loads(json.dumps(event)))))
    truth = next((each["intervals"] for each in events if each["event"] == "annotations"), {})
    return Looked(
        videos={each["name"]: each for each in events if each["event"] == "video"},
        truth={name: [span[:2] for span in spans] for name, spans in truth.items() if spans},
        findings=_by_subject([each for each in events if each["event"] == "finding"]),
    )


def stored(dataset: Dataset) -> Looked:
    dataset = Dataset.objects.get(pk=dataset.pk)
    truth: dict[str, list[list[int]]] = {}
    if dataset.ground_truth:
        rows = dataset.ground_truth.intervals.order_by("video__name", "start_frame")
        for name, start, end in rows.values_list("video__name", "start_frame", "end_frame"):
            truth.setdefault(name, []).append([start, end])
    return Looked(
        videos={video["name"]: video for video in dataset.videos.values()},
        truth=truth,
        findings=_by_subject(dataset.report),
    )


def _by_subject(findings: list[Any]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for each in findings:
        told.setdefault(each["subject"], []).append(f"{each['level']}: {each['text']}")
    return told
