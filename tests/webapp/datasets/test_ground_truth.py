"""Pages and REST of ground truth that people bring. Reading is tested with the workers."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.videos import KnownVideo
from ml.findings import Finding
from ml.records import Interval
from tests.factories.datasets import DatasetFactory, VideoFactory
from tests.ml.data.truth.laying import align
from webapp.accounts import services as accounts
from webapp.accounts.models import Team, User
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.annotation_imports import accept_annotation_import
from webapp.datasets.models import AnnotationImport, AnnotationSet, Dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(team: Team) -> Dataset:
    dataset = DatasetFactory.create(team=team)
    for name in ("a", "b", "c"):
        VideoFactory.create(dataset=dataset, name=name)
    return dataset


def draft_of(dataset: Dataset, *claims: Claim, findings: tuple[Finding, ...] = ()) -> Any:
    """A draft as the child would have left it."""
    videos = [KnownVideo(name=name, n_frames=100, part="test") for name in ("a", "b", "c")]
    annotations = Annotations(title="A format", claims=claims, findings=findings)
    alignment = align(annotations, videos).to_json()
    return AnnotationImport.objects.create(dataset=dataset, name="gt.csv", alignment=alignment)


@pytest.fixture
def draft(dataset: Dataset) -> AnnotationImport:
    """One interval past the end, a stranger, a video without a claim."""
    past = Interval(start_frame=90, end_frame=120, label="fall")
    return draft_of(  # type: ignore[no-any-return]
        dataset,
        Claim(path="a", intervals=(past,)),
        Claim(path="b", intervals=()),
        Claim(path="gone", intervals=()),
    )


def test_page_shows_what_it_would_take(as_bob: Client, draft: AnnotationImport) -> None:
    page = as_bob.get(f"/ground-truth/{draft.pk}").text

    assert "waits for a decision" in page
    for code in ("clip_to_end", "leave_out", "assume_normal"):
        assert f'id="repair-{code}"' in page
    assert "[90, 120)" in page
    assert "[90, 100)" in page
    assert "1 video fits as it is" in page


def test_nothing_is_stored_while_a_repair_is_open(as_bob: Client, draft: AnnotationImport) -> None:
    answer = as_bob.post(f"/ground-truth/{draft.pk}/accept", {"repairs": ["clip_to_end"]})

    assert answer.status_code == 422
    assert "Accept these repairs, or leave the draft" in answer.text
    assert "Test videos of which the file says nothing are normal throughout." in answer.text
    assert not AnnotationSet.objects.exists()


def test_accepted_it_is_the_next_version(
    as_bob: Client, draft: AnnotationImport, dataset: Dataset
) -> None:
    repairs = ["clip_to_end", "leave_out", "assume_normal"]

    answer = as_bob.post(f"/ground-truth/{draft.pk}/accept", {"repairs": repairs})

    assert answer.status_code == 302
    stored = dataset.annotation_sets.get()
    assert stored.version == 1
    assert stored.source == "A format: gt.csv"
    assert sorted(stored.provenance["repairs"]) == sorted(repairs)
    interval = stored.intervals.get()
    assert (interval.video.name, interval.start_frame, interval.end_frame) == ("a", 90, 100)
    tab = as_bob.get(answer["Location"]).text
    assert "accepted as v1" in tab
    assert "An interval that reaches past the last frame ends with it." in tab


def test_twice_accepted_is_a_conflict(draft: AnnotationImport, bob: User) -> None:
    repairs = ["clip_to_end", "leave_out", "assume_normal"]
    accept_annotation_import(draft=draft, repairs=repairs, by=bob)

    with pytest.raises(ConflictError, match="accepted already"):
        accept_annotation_import(draft=draft, repairs=repairs, by=bob)


def test_a_video_that_changed_since_is_refused(
    draft: AnnotationImport, dataset: Dataset, bob: User
) -> None:
    dataset.videos.filter(name="a").update(n_frames=95)

    with pytest.raises(UserError, match="a has changed since the file was read"):
        accept_annotation_import(
            draft=draft, repairs=["clip_to_end", "leave_out", "assume_normal"], by=bob
        )
    assert not AnnotationSet.objects.exists()


def test_what_no_repair_settles_is_refused(dataset: Dataset, bob: User, as_bob: Client) -> None:
    draft = draft_of(dataset, Claim(path="a", label="abnormal"))

    with pytest.raises(UserError, match="cannot be taken: a: The file says that it is abnormal"):
        accept_annotation_import(draft=draft, repairs=["assume_normal"], by=bob)
    assert "no repair can settle" in as_bob.get(f"/ground-truth/{draft.pk}").text


def test_all_rows_on_demand(as_bob: Client, draft: AnnotationImport) -> None:
    assert '<th scope="row" class="mono">b</th>' not in as_bob.get(f"/ground-truth/{draft.pk}").text
    page = as_bob.get(f"/ground-truth/{draft.pk}?all").text
    assert '<th scope="row" class="mono">b</th>' in page


def test_upload_by_page(as_bob: Client, dataset: Dataset) -> None:
    file = SimpleUploadedFile("x/gt.csv", b"video,start_frame,end_frame\na,1,2\n")
    values = {"file": file, "base": "1", "end": "inclusive"}

    answer = as_bob.post(f"/datasets/{dataset.pk}/ground-truth/new", values)

    draft = AnnotationImport.objects.get()
    assert answer["Location"] == f"/ground-truth/{draft.pk}"
    assert draft.options == {"base": 1, "end": "inclusive"}
    with draft.file.open() as file_kept:
        assert file_kept.read().startswith(b"video,")
    assert draft.job is not None
    assert draft.job.kind == "annotate"
    assert "being read" in as_bob.get(answer["Location"]).text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Send a file with something in it, or name one here."),
        ({"path": "/etc/passwd"}, "There is no file"),
    ],
)
def test_upload_by_page_refused(
    as_bob: Client, dataset: Dataset, values: dict[str, str], sentence: str, settings: Any
) -> None:
    settings.DATA_ROOTS = ["/tmp"]

    answer = as_bob.post(f"/datasets/{dataset.pk}/ground-truth/new", {"base": "", **values})

    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_file_on_the_server_is_read_in_place(
    as_bob: Client, dataset: Dataset, settings: Any, tmp_path: Any
) -> None:
    settings.DATA_ROOTS = [str(tmp_path)]
    (tmp_path / "masks").mkdir()

    as_bob.post(f"/datasets/{dataset.pk}/ground-truth/new", {"path": "masks"})

    draft = AnnotationImport.objects.get()
    assert (draft.name, draft.path) == ("masks", str(tmp_path / "masks"))
    assert not draft.file


def test_a_later_import_of_the_folder_leaves_it_in_force(
    draft: AnnotationImport, dataset: Dataset, bob: User
) -> None:
    from webapp.datasets.ground_truth import ensure_ground_truth, record_annotations

    event = {"source": "labels.csv", "intervals": {"b": [[1, 2, ""]]}}
    record_annotations(dataset, event=event)
    accepted = accept_annotation_import(
        draft=draft, repairs=["clip_to_end", "leave_out", "assume_normal"], by=bob
    )

    record_annotations(dataset, event=event)
    ensure_ground_truth(dataset)

    assert dataset.ground_truth == accepted
    assert dataset.annotation_sets.count() == 2


def submitter(user: User) -> Client:
    _token, secret = accounts.create_token(
        team=user.teams.get(), name="script", scope="submit", by=user
    )
    return Client(headers={"authorization": f"Bearer {secret}"})


def test_rest_from_file_to_version(dataset: Dataset, draft: AnnotationImport, bob: User) -> None:
    client = submitter(bob)
    address = f"/api/v1/datasets/{dataset.pk}/annotation-imports"
    body = b"video,start_frame,end_frame\na,1,2\n"

    sent = client.post(
        f"{address}?name=gt.csv&base=1", body, "text/csv", headers={"Idempotency-Key": "one"}
    )
    again = client.post(
        f"{address}?name=gt.csv&base=1", body, "text/csv", headers={"Idempotency-Key": "one"}
    )

    assert sent.status_code == 202
    assert sent.json()["state"] == "reading"
    assert sent.json()["options"] == {"base": 1}
    assert again.json()["id"] == sent.json()["id"]
    assert len(client.get(address).json()["results"]) == 2
    read = client.get(f"/api/v1/annotation-imports/{draft.pk}").json()
    assert set(read["needed_repairs"]) == {"clip_to_end", "leave_out", "assume_normal"}

    refused = client.post(f"/api/v1/annotation-imports/{draft.pk}/accept", {}, "application/json")
    stored = client.post(
        f"/api/v1/annotation-imports/{draft.pk}/accept",
        {"repairs": list(read["needed_repairs"])},
        "application/json",
    )

    assert refused.status_code == 422
    assert refused.json()["code"] == "repairs_open"
    assert stored.status_code == 201
    assert [each["name"] for each in stored.json()["intervals"]] == ["a"]
    again_read = client.get(f"/api/v1/annotation-sets/{stored.json()['id']}").json()
    assert again_read["intervals"] == stored.json()["intervals"]


def test_rest_another_file_under_the_same_key_is_refused(dataset: Dataset, bob: User) -> None:
    client = submitter(bob)
    address = f"/api/v1/datasets/{dataset.pk}/annotation-imports"
    client.post(address, b"one", "text/csv", headers={"Idempotency-Key": "one"})

    answer = client.post(address, b"two", "text/csv", headers={"Idempotency-Key": "one"})

    assert answer.status_code == 422
    assert answer.json()["code"] == "key_reused"


def test_a_listed_dataset_by_page_and_by_rest(as_bob: Client, bob: User, team: Team) -> None:
    file = SimpleUploadedFile("l.csv", b"name,n_frames\nx,90\n")
    by_page = as_bob.post("/datasets/new/listed", {"name": "Far", "file": file, "fps": "30"})
    by_rest = submitter(bob).post(
        "/api/v1/listed-datasets?name=Farther&fps=25&list_name=l.csv",
        b"name,n_frames\nx,90\n",
        "text/csv",
    )

    assert by_page.status_code == 302
    assert by_rest.status_code == 202
    rates = Dataset.objects.filter(team=team).order_by("name").values_list("name", "fps")
    assert list(rates) == [("Far", 30), ("Farther", 25)]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "Far", "fps": "0"}, "greater than or equal to 0.001"),
        ({"name": " ", "fps": "30"}, "This field is required"),
    ],
)
def test_a_listed_dataset_refused(as_bob: Client, values: dict[str, str], sentence: str) -> None:
    file = SimpleUploadedFile("l.csv", b"name,n_frames\nx,90\n")

    answer = as_bob.post("/datasets/new/listed", {"file": file, **values})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert not Dataset.objects.exists()


def test_viewers_may_look_but_not_decide(as_vera: Client, draft: AnnotationImport) -> None:
    page = as_vera.get(f"/ground-truth/{draft.pk}").text

    assert "Members of the team may store it." in page
    assert as_vera.post(f"/ground-truth/{draft.pk}/accept").status_code == 403
