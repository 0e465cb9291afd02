import pytest
from django.core.exceptions import PermissionDenied

from tests.factories.datasets import DatasetFactory
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Dataset
from webapp.datasets.services import create_dataset, import_again
from webapp.jobs.models import Job


@pytest.fixture
def folder(settings):
    folder = settings.DATA_ROOTS[0] / "corridor"
    folder.mkdir(parents=True)
    return folder


def test_create_dataset_registers_in_place_and_submits_import(team, bob, folder):
    dataset = create_dataset(team=team, name=" Corridor ", folder="corridor", by=bob)

    assert (dataset.name, dataset.folder, dataset.created_by) == ("Corridor", str(folder), bob)
    job = Job.objects.get()
    assert dataset.import_job == job
    assert (job.kind, job.queue, job.subject_id) == ("import", "cpu", dataset.pk)
    assert dataset.is_importing


def test_create_dataset_takes_absolute_folder_below_a_root(team, bob, folder):
    dataset = create_dataset(team=team, name="Corridor", folder=str(folder), by=bob)

    assert dataset.folder == str(folder)


def test_create_dataset_same_name_twice_in_team(team, bob, folder):
    DatasetFactory.create(team=team, name="Corridor")

    with pytest.raises(ConflictError, match="already has a dataset called “Corridor”") as refused:
        create_dataset(team=team, name="Corridor", folder="corridor", by=bob)

    assert refused.value.field == "name"
    assert Job.objects.count() == 0


def test_create_dataset_same_name_in_other_team(team, bob, folder):
    DatasetFactory.create(name="Corridor")

    create_dataset(team=team, name="Corridor", folder="corridor", by=bob)

    assert Dataset.objects.filter(name="Corridor").count() == 2


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_create_dataset_bad_name(team, bob, folder, name):
    with pytest.raises(UserError, match="1 to 120 characters"):
        create_dataset(team=team, name=name, folder="corridor", by=bob)


def test_create_dataset_viewer_may_not(team, vera, folder):
    with pytest.raises(PermissionDenied):
        create_dataset(team=team, name="Corridor", folder="corridor", by=vera)


def test_create_dataset_stranger_may_not(team, charlie, folder):
    with pytest.raises(PermissionDenied):
        create_dataset(team=team, name="Corridor", folder="corridor", by=charlie)


def test_import_again_submits_new_job_and_keeps_all(team, bob, folder):
    dataset = create_dataset(team=team, name="Corridor", folder="corridor", by=bob)
    Dataset.objects.update(import_job=None, content_hash="c" * 64)

    job = import_again(dataset=dataset, by=bob)

    dataset.refresh_from_db()
    assert dataset.import_job == job
    assert dataset.content_hash == "c" * 64


def test_import_again_refused_while_importing(team, bob, folder):
    dataset = create_dataset(team=team, name="Corridor", folder="corridor", by=bob)

    with pytest.raises(ConflictError, match="being imported already"):
        import_again(dataset=dataset, by=bob)


def test_import_again_of_vanished_folder(team, bob, folder):
    dataset = DatasetFactory.create(team=team, folder=str(folder))
    folder.rmdir()

    with pytest.raises(UserError, match="There is no folder"):
        import_again(dataset=dataset, by=bob)


def test_import_again_viewer_may_not(team, vera):
    with pytest.raises(PermissionDenied):
        import_again(dataset=DatasetFactory.create(team=team), by=vera)
