"""The page docs/api.md, followed step by step: its curl commands, sent by the test client."""

import re
import shlex
import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from django.conf import LazySettings, settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests.evaluating import evaluate_under_each
from tests.factories.datasets import (
    AnnotationSetFactory,
    IntervalFactory,
    SplitFactory,
    SplitMemberFactory,
)
from tests.factories.results import float32, save_by_name
from webapp.accounts import services
from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.jobs.models import Job
from webapp.results.models import Protocol
from webapp.results.protocols.presets import ensure_protocols
from webapp.runs.models import Method, Run

PAGE = settings.BASE_DIR / "docs" / "api.md"


def commands() -> list[str]:
    """The curl commands of the page, in its order."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("curl")]


@dataclass
class Shell:
    """Understands the few options of curl that the page uses."""

    variables: dict[str, str]
    client: Client = field(default_factory=Client)

    def run(self, command: str) -> HttpResponse:
        words = shlex.split(self._expanded(command))[1:]
        method, body, url, headers = "GET", "", "", {}
        while words:
            word = words.pop(0)
            if word == "-X":
                method = words.pop(0)
            elif word == "-H":
                name, _colon, value = words.pop(0).partition(": ")
                headers[name] = value
            elif word == "-d":
                body = words.pop(0)
            elif word == "-o":
                words.pop(0)
            elif not word.startswith("-"):
                url = word.removeprefix("http://127.0.0.1:8000")
        kind = headers.pop("Content-Type", "application/octet-stream")
        return self.client.generic(method, url, body, kind, headers=headers)

    def _expanded(self, command: str) -> str:
        unquoted = command.replace("'$DATASET_ID'", "$DATASET_ID")
        return re.sub(r"\$(\w+)", lambda match: self.variables[match[1]], unquoted)


@pytest.fixture
def shell(bob: User, method: Method, settings: LazySettings) -> Shell:
    (Path(settings.DATA_ROOTS[0]) / "corridor").mkdir(parents=True)
    token = token_of(bob, "submit")
    return Shell({"IWAKAN": "http://127.0.0.1:8000", "IWAKAN_TOKEN": token})


def token_of(bob: User, scope: str) -> str:
    team = bob.teams.get()
    _token, secret = services.create_token(team=team, name=f"curl-{scope}", scope=scope, by=bob)
    return secret


def finish_import() -> None:
    """What a worker leaves behind."""
    dataset = Dataset.objects.get()
    split = SplitFactory.create(dataset=dataset)
    SplitMemberFactory.create(split=split, video__part="train", video__label="normal")
    test = SplitMemberFactory.create(split=split, video__name="a", video__n_frames=4)
    ground_truth = AnnotationSetFactory.create(dataset=dataset)
    IntervalFactory.create(
        annotation_set=ground_truth, video=test.video, start_frame=2, end_frame=4
    )
    Dataset.objects.update(content_hash="c" * 64)
    end_jobs()


def finish_run() -> None:
    score_set = save_by_name(Run.objects.get(), {"a": float32(0.1, 0.2, 0.9)})
    evaluate_under_each(score_set, ensure_protocols())
    end_jobs()


def end_jobs() -> None:
    Job.objects.update(status=Job.Status.SUCCEEDED, finished_at=timezone.now())


def test_every_step_of_the_page_works(shell: Shell, bob: User) -> None:
    (me, add_dataset, job, dataset, again, methods, submit, run, run_job, log, cancel, resume,
     submit_sweep, sweep, scores, as_json, as_npy, as_zip, evaluation,
     evaluate, dependents, delete, activity) = commands()  # fmt: skip

    assert shell.run(me).json()["id"] == bob.pk

    added = shell.run(add_dataset)
    assert added.status_code == 202
    shell.variables["JOB"] = added.headers["Location"]
    shell.variables["DATASET"] = added.json()["result_url"]
    assert shell.run(job).json()["status"] in {"created", "queued"}
    finish_import()
    assert shell.run(job).json()["status"] == "succeeded"
    assert shell.run(dataset).json()["splits"][0]["n_test"] == 1

    assert shell.run(again).json()["kind"] == "import"
    assert shell.run(again).status_code == 409
    end_jobs()

    assert shell.run(methods).json()["results"][0]["name"] == "conv_ae"
    shell.variables["DATASET_ID"] = shell.variables["DATASET"].rpartition("/")[2]
    submitted = shell.run(submit)
    assert submitted.status_code == 202
    shell.variables["JOB"] = submitted.headers["Location"]
    shell.variables["RUN"] = submitted.json()["result_url"]
    assert shell.run(run).json()["job_url"] == shell.variables["JOB"]
    assert shell.run(run_job).json()["queue_position"] == 1
    assert shell.run(log).json() == {"text": "", "next": 0, "is_complete": False}
    finish_run()
    assert shell.run(run).json()["status"] == "succeeded"
    assert shell.run(cancel).status_code == 409
    assert shell.run(resume).status_code == 409

    shell.variables["SWEEP"] = shell.run(submit_sweep).json()["url"]
    assert len(shell.run(sweep).json()["rows"]) == 2

    [listed] = shell.run(scores).json()["videos"]
    shell.variables["VIDEO"] = listed["video_id"]
    assert shell.run(as_json).json()["frames"][3] is None
    frames = np.load(BytesIO(shell.run(as_npy).content))
    np.testing.assert_array_equal(frames, np.float32([0.1, 0.2, 0.9, np.nan]))
    assert zipfile.ZipFile(BytesIO(shell.run(as_zip).content)).testzip() is None
    metrics = [each["metrics"]["auroc"] for each in shell.run(evaluation).json()["results"]]
    assert metrics == [1.0] * Protocol.objects.count()
    there = shell.run(evaluate)
    assert (there.status_code, there.json()["protocol"]["slug"]) == (200, "frame-macro")

    assert shell.run(dependents).json()["holds"] == []
    assert shell.run(delete).status_code == 403
    shell.variables["IWAKAN_TOKEN"] = token_of(bob, "manage")
    assert shell.run(delete).status_code == 204
    acts = [each["act"] for each in shell.run(activity).json()["results"]]
    assert acts == ["run.deleted", "run.submitted"]
