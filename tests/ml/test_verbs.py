"""The verbs of a job's process are the files of a package."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ml import verbs
from ml.records import BadInput

WORKERS = Path(__file__).parents[2] / "workers" / "kinds"
COMMANDS = Path(__file__).parents[2] / "ml" / "cli"


@pytest.mark.parametrize("name", verbs.names())
def test_each_has_something_to_run(name: str) -> None:
    assert callable(verbs.find(name))


def test_those_that_jobs_and_the_command_line_ask_for_are_there() -> None:
    askers = [*WORKERS.glob("*.py"), *COMMANDS.glob("*.py")]
    asked = {verb for path in askers for verb in asked_for(path.read_text())}

    assert asked == set(verbs.names())


def asked_for(source: str) -> list[str]:
    """What stands beside the key "verb"."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "verb":
                    found += [each.value for each in ast.walk(value) if is_text(each)]
    return found


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("name", ["dance", "_spec", "train.py", "", None, 3])
def test_others_are_refused_with_the_names_that_there_are(name: object) -> None:
    with pytest.raises(BadInput, match=r"is none of annotate, detect, "):
        verbs.find(name)
