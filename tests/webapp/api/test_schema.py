"""The OpenAPI document says what the API does."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from tests.factories.datasets import DetectionFactory, FeatureSetFactory, preview_of
from tests.factories.jobs import JobFactory
from tests.factories.results import explain
from tests.factories.runs import WeightsFactory, sweep_of
from webapp.accounts.models import User
from webapp.datasets.models import AnnotationImport, Dataset, Split, Video
from webapp.results.protocols.team import create_protocol
from webapp.runs.models import Method, Run
from webapp.sharing.services import create_link

NOT_DESCRIBED = {"schema", "docs"}  # the document and its pages


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    return client.get("/api/v1/schema").json()


def routes() -> set[str]:
    """Paths of the URLconf below /api/v1, in OpenAPI's notation."""
    [api] = [each for each in get_resolver().url_patterns if str(each.pattern) == "api/v1/"]
    patterns = [each for each in api.url_patterns if each.name not in NOT_DESCRIBED]
    paths = {str(each.pattern) for each in patterns}
    for kind in ["<str:", "<slug:"]:
        paths = {path.replace(kind, "{").replace(">", "}") for path in paths}
    return {f"/api/v1/{path}" for path in paths}


def test_every_route_is_described(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == routes()


def test_document_is_valid_and_complete(tmp_path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema"))


def test_document_is_made_once_and_for_everybody_alike(
    client: Client, as_alice: Client, monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]
) -> None:
    def fail(*_arguments: object, **_values: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(SchemaGenerator, "parse", fail)

    assert client.get("/api/v1/schema").json() == document
    assert as_alice.get("/api/v1/schema").json() == document


def test_every_operation_may_answer_with_a_problem(document: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for operation in path.values():
            content = operation["responses"]["default"]["content"]
            assert list(content) == ["application/problem+json"]


def test_no_body_names_what_the_site_decides(document: dict[str, Any]) -> None:
    decided_here = {"id", "team", "team_id", "user", "owner", "created_by", "status", "role"}
    schemas = document["components"]["schemas"]

    bodies = [name for name in schemas if name.startswith("New")]

    assert {"NewDataset", "NewRun", "NewToken"} <= set(bodies)
    for name in bodies:
        assert not decided_here & set(schemas[name].get("properties", ()))


def assert_as_described(document: dict[str, Any], path: str, method: str, response) -> None:
    described = document["paths"][path][method]["responses"]
    content = described.get(str(response.status_code), described["default"])["content"]
    schema = content[response.headers["Content-Type"]]["schema"]
    Draft202012Validator(schema | {"components": document["components"]}).validate(response.json())


def test_answers_are_as_described(
    reader: Client,
    document: dict[str, Any],
    scored_run: Run,
    split: Split,
    video: Video,
    bob: User,
) -> None:
    draft = AnnotationImport.objects.create(dataset=split.dataset, name="labels.csv")
    link, _address = create_link(kind="run", ids={"runs": [scored_run.pk]}, by=bob)
    explain(scored_run, {scored_run.dataset.videos.first(): None})
    ids = {
        "dataset_id": split.dataset_id,
        "video_id": video.pk,
        "name": "conv_ae",
        "run_id": scored_run.pk,
        "job_id": scored_run.current_job_id,
        "split_id": split.pk,
        "draft_id": draft.pk,
        "slug": "frame-raw",
        "annotation_set_id": scored_run.annotation_set_id,
        "link_id": link.pk,
        "sweep_id": sweep_of(scored_run).pk,
        "feature_set_id": FeatureSetFactory.create(dataset=split.dataset).pk,
        "weights_id": WeightsFactory.create(team=scored_run.team).pk,
        "preview_id": preview_of(video).pk,
        "detection_id": DetectionFactory.create(dataset=split.dataset).pk,
        "region_set_id": split.dataset.region_sets.create(name="people", origin="a.csv").pk,
    }
    files = "/api/v1/runs/{run_id}/scores.{ending}"
    readable = [path for path, operations in document["paths"].items() if "get" in operations]
    elsewhere = {  # not for this reader or run
        "/api/v1/tokens",
        "/api/v1/runs/{run_id}/folds",
        "/api/v1/runs/{run_id}/calibration",
        files,
    }
    for ending in ("zip", "json", "csv"):
        kind = reader.get(files.format(**ids, ending=ending)).headers["Content-Type"]
        assert (
            kind.partition(";")[0] in document["paths"][files]["get"]["responses"]["200"]["content"]
        )
    for path in set(readable) - elsewhere:
        is_of_run = "scores" in path or "explanations" in path
        scored = {"video_id": scored_run.dataset.videos.first().pk} if is_of_run else {}
        query = {"run": scored_run.pk} if path.endswith("/comparisons") else None
        response = reader.get(path.format(**ids | scored), query)
        assert response.status_code == 200
        assert_as_described(document, path, "get", response)


def test_answers_to_a_submission_are_as_described(
    submitter: Client, document: dict[str, Any], split: Split, method: Method
) -> None:
    body = {"dataset": split.dataset_id, "method": "conv_ae"}

    for seed in [1, -1]:
        answer = submitter.post("/api/v1/runs", body | {"seed": seed}, "application/json")
        assert_as_described(document, "/api/v1/runs", "post", answer)


def test_answers_to_who_asks_for_numbers_are_as_described(
    submitter: Client, document: dict[str, Any], scored_run: Run, bob: User
) -> None:
    scored_run.current_job = JobFactory.create(team=scored_run.team, ended=True)
    scored_run.save()
    create_protocol(team=scored_run.team, title="Ours", settings={"drop_first": 1}, by=bob)
    address = f"/api/v1/runs/{scored_run.pk}/evaluation"

    for slug, status in [("frame-raw", 200), ("ours", 202), ("theirs", 404)]:
        answer = submitter.post(address, {"protocol": slug}, "application/json")
        assert answer.status_code == status
        assert_as_described(document, "/api/v1/runs/{run_id}/evaluation", "post", answer)


def test_an_answer_to_what_is_held_is_as_described(
    as_alice: Client, document: dict[str, Any], scored_run: Run, bob: User
) -> None:
    create_link(kind="run", ids={"runs": [scored_run.pk]}, by=bob)

    answer = as_alice.delete(f"/api/v1/runs/{scored_run.pk}")

    assert answer.status_code == 409
    assert_as_described(document, "/api/v1/runs/{run_id}", "delete", answer)


def test_answers_to_a_resume_and_an_import_are_as_described(
    submitter: Client, document: dict[str, Any], scored_run: Run
) -> None:
    ids = {"run_id": scored_run.pk, "dataset_id": scored_run.dataset_id}
    Path(settings.DATA_ROOTS[0], "corridor").mkdir(parents=True)
    Dataset.objects.update(folder=str(Path(settings.DATA_ROOTS[0], "corridor")))
    submitter.post(f"/api/v1/runs/{scored_run.pk}/cancel")

    for path in ["/api/v1/runs/{run_id}/resume", "/api/v1/datasets/{dataset_id}/import"]:
        given = [submitter.post(path.format(**ids)) for _time in range(2)]
        assert [answer.status_code for answer in given] == [202, 409]
        for answer in given:
            assert_as_described(document, path, "post", answer)


def test_docs_page_runs_no_inline_script(client: Client) -> None:
    page = client.get("/api/v1/docs")

    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    html = page.content.decode()
    assert html.count("<script src=") == html.count("<script") == 3
    assert "http://" not in html
    assert "https://" not in html


def test_docs_script_and_its_parts_are_served_here(client: Client) -> None:
    script = client.get("/api/v1/docs?script=")

    assert script.headers["Content-Type"].startswith("application/javascript")
    bundle = client.head("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js")
    assert bundle.status_code == 200
