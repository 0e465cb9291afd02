"""A dataset that is being imported, and the folder of the job that does it."""

import pytest

from tests.factories.datasets import DatasetFactory
from tests.factories.jobs import JobFactory
from webapp.datasets import services


@pytest.fixture
def dataset(team, tmp_path):
    folder = tmp_path / "data" / "corridor"
    folder.mkdir(parents=True)
    dataset = DatasetFactory.create(team=team, folder=str(folder), content_hash="")
    services.begin_import(dataset, job=JobFactory.create(team=team, kind="import"))
    return dataset


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "job"
