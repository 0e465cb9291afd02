import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ml import cli
from ml.cli._options import config_of
from tests import toys

TINY = [
    "--set", "window=4", "--set", "input_size=32", "--set", "strides=[1]",
    "--set", "channels=[16,16,8]", "--set", "epochs=6", "--set", "batch_size=8",
    "--set", "optimiser=adam", "--set", "learning_rate=0.003",
]  # fmt: skip


def run(*arguments: str | Path) -> int:
    return cli.main([str(argument) for argument in arguments])


def test_train_score_evaluate_on_a_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "manifest.json"
    toys.toy_manifest(tmp_path / "videos").save(manifest)
    common: list[str | Path] = ["--manifest", manifest, "--threads", "1"]

    trained = run("train", *common, "--method", "conv_ae", *TINY, "--out", tmp_path / "run")
    scored = run("score", *common, "--checkpoint", tmp_path / "run", "--out", tmp_path / "scores")
    capsys.readouterr()
    evaluated = run("evaluate", "--manifest", manifest, "--scores", tmp_path / "scores", "--json")

    assert (trained, scored, evaluated) == (0, 0, 0)
    outcomes = json.loads(capsys.readouterr().out)
    assert list(outcomes) == ["none", "per_video"]
    assert outcomes["none"]["metrics"]["auroc"] > 0.9
    assert outcomes["none"]["counts"]["n_frames"] == 80
    assert outcomes["none"]["counts"]["n_abnormal_frames"] == 24


def test_evaluate_prints_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = toys.toy_manifest(tmp_path / "videos")
    manifest.save(tmp_path / "manifest.json")
    index = {
        video.id: {"file": "zero.npy", "first_frame": 0, "frames_per_value": 40}
        for video in manifest.part("test")
    }
    (tmp_path / "scores.json").write_text(json.dumps({"scores": index}))
    np.save(tmp_path / "zero.npy", np.zeros(1, np.float32))

    run("evaluate", "--manifest", tmp_path / "manifest.json", "--scores", tmp_path)

    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["auroc", "0.5000", "0.5000"]
    assert ["n_abnormal_frames", "24"] in [line.split() for line in lines]


def test_methods_prints_json_that_the_site_stores(capsys: pytest.CaptureFixture[str]) -> None:
    run("methods", "--json")

    [conv] = [each for each in json.loads(capsys.readouterr().out) if each["name"] == "conv_ae"]
    assert conv.keys() == {
        "name", "title", "summary", "paper", "supervision", "reads", "begins_with", "layers",
        "schema", "sweeps",
    }  # fmt: skip


def test_methods_prints_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    run("methods")

    assert "conv_ae              Conv-AE (one-class)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--manifest", "none.json", "--method", "conv_ae"], "none.json is not a manifest"),
        (["--manifest", "m.json", "--method", "conv_ae", "--set", "a"], "FIELD=VALUE is expected"),
        (["--manifest", "m.json", "--method", "conv_ae", "--config", "no"], "no is not a config"),
        (
            ["--manifest", "m.json", "--method", "conv_ae", "--resume", "."],
            "There is no checkpoint",
        ),
    ],
)
def test_train_says_what_is_wrong_with_its_arguments(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.json").write_text('{"videos": []}')

    assert run("train", *arguments, "--out", "run") == 2

    assert sentence in capsys.readouterr().err


def test_config_file_that_holds_a_list_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.json").write_text('{"videos": []}')
    (tmp_path / "c.json").write_text('["window", 4]')
    places: list[str | Path] = ["--manifest", tmp_path / "m.json", "--out", tmp_path / "run"]

    assert run("train", *places, "--method", "conv_ae", "--config", tmp_path / "c.json") == 2

    assert "c.json is not a config: fields and their values" in capsys.readouterr().err


def test_survey_into_a_folder_that_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toys.moving_square_video(tmp_path / "data" / "a.mp4", 4)
    (tmp_path / "out" / "000000").mkdir(parents=True)

    assert run("survey", tmp_path / "data", "--out", tmp_path / "out") == 2

    assert "out/000000: File exists" in capsys.readouterr().err


def test_probe_of_a_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("probe", "none.mp4") == 2

    assert capsys.readouterr().err == "none.mp4: No such file or directory\n"


def test_config_file_and_set_are_joined(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"window": 4, "epochs": 3}')
    arguments = ["train", "--manifest", "m", "--out", "o", "--method", "conv_ae"]

    options = cli._parser().parse_args(
        [*arguments, "--config", str(config), "--set", "epochs=9", "--set", "optimiser=adam"]
    )

    assert config_of(options) == {"window": 4, "epochs": 9, "optimiser": "adam"}


@pytest.mark.parametrize(
    "module", ["ml.cli", "ml.child", "ml.verbs.survey", "ml.data.video.probe", "ml.evaluation"]
)
def test_import_loads_no_torch(module: str) -> None:
    check = f"import sys, {module}; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", check]).returncode == 0


def test_python_m_ml_without_a_verb_explains_itself() -> None:
    result = subprocess.run([sys.executable, "-m", "ml"], capture_output=True, text=True)

    assert result.returncode == 2
    assert "usage: python -m ml" in result.stderr
