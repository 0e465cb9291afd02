"""`manage.py submit_run`."""

import io

import pytest
from django.core.management import CommandError, call_command

from tests.factories.runs import MethodFactory, TrainableSplitFactory
from webapp.accounts.models import User
from webapp.datasets.models import Split
from webapp.runs.models import Run


@pytest.fixture
def split(bob: User) -> Split:
    MethodFactory.create()
    return TrainableSplitFactory.create(dataset__team=bob.teams.get())


def submit(split: Split, by: User, *options: str) -> str:
    out = io.StringIO()
    required = ["--by", by.email, "--split", split.pk, "--method", "conv_ae"]
    call_command("submit_run", *required, *options, stdout=out)
    return out.getvalue().strip()


def test_submit_run_prints_the_id_of_the_new_run(split: Split, bob: User) -> None:
    run_id = submit(split, bob, "--set", "epochs=5", "--set", "input_size=64, 96", "--seed", "4")

    run = Run.objects.get(pk=run_id)
    assert run.config["epochs"] == 5
    assert run.config["input_size"] == [64, 96]
    assert (run.seed, run.created_by) == (4, bob)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--set", "epochs=0"], "smallest allowed value 1"),
        (["--set", "epoch=3"], "did you mean epochs"),
        (["--queue", "tpu"], "tpu is not one of cpu, gpu"),
        (["--method", "nothing"], "Method matching query does not exist"),
    ],
)
def test_submit_run_refusal_is_a_sentence(
    split: Split, bob: User, options: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        submit(split, bob, *options)
    assert not Run.objects.exists()
