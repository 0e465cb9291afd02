import json
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ml import loading, registry
from ml.methods import ReadySweep, Variant, conv_ae, register
from ml.records import BadInput


@pytest.mark.parametrize("description", registry.describe(), ids=lambda each: each["name"])
def test_describe_gives_a_schema_that_a_form_can_be_drawn_from(description: dict[str, Any]) -> None:
    schema = description["schema"]

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    for field in schema["properties"].values():
        assert {"title", "description", "default", "group"} <= field.keys()
        assert field["group"] in {"Data", "Model", "Training", "Scoring"}
        assert field["description"].strip()


def test_describe_keeps_the_order_of_the_fields() -> None:
    [conv] = [each for each in registry.describe() if each["name"] == "conv_ae"]

    assert list(conv["schema"]["properties"])[:3] == ["window", "input_size", "strides"]
    assert conv["supervision"] == "one-class"


@pytest.mark.parametrize("name", sorted(registry.load_methods()))
def test_parse_config_defaults_survive_storage(name: str) -> None:
    method = registry.get_method(name)
    config = registry.parse_config(method, {})

    assert registry.parse_config(method, registry.as_json(config)) == config


def test_parse_config_names_every_wrong_field() -> None:
    values = {"window": "ten", "input_size": 3, "colour": True, "channels": [1, 2]}

    with pytest.raises(BadInput) as caught:
        registry.parse_config(conv_ae.ConvAE, values)

    sentence = str(caught.value)
    assert "window: Input should be a valid integer" in sentence
    assert "input_size: Input should be greater than or equal to 16 (given: 3)" in sentence
    assert "channels: " in sentence
    assert "colour: the method has no such field" in sentence


READY = [
    (name, sweep) for name, method in registry.load_methods().items() for sweep in method.sweeps
]


@pytest.mark.parametrize(("name", "sweep"), READY, ids=lambda each: getattr(each, "name", each))
def test_ready_sweep_is_made_of_configs_that_the_method_takes(name: str, sweep: ReadySweep) -> None:
    method = registry.get_method(name)
    cells = [dict(zip(sweep.grid, each, strict=True)) for each in product(*sweep.grid.values())]
    changes = [
        {**variant.config, **cell}
        for variant in sweep.variants or [Variant(title="")]
        for cell in cells
    ]

    configs = [registry.as_json(registry.parse_config(method, each)) for each in changes]

    assert len(configs) > 1
    assert all(configs.count(config) == 1 for config in configs)
    assert all(variant.title for variant in sweep.variants)
    assert sweep.title.strip()
    assert sweep.reproduces.strip()


@pytest.mark.parametrize("name", sorted(registry.load_methods()))
def test_ready_sweeps_have_names_of_their_own(name: str) -> None:
    names = [sweep.name for sweep in registry.get_method(name).sweeps]

    assert len(set(names)) == len(names)


def test_describe_tells_the_ready_sweeps_as_json() -> None:
    [st_gan] = [each for each in registry.describe() if each["name"] == "st_gan_prediction"]

    by_name = {each["name"]: each for each in json.loads(json.dumps(st_gan["sweeps"]))}
    assert by_name["map"]["grid"] == {"map": [True, False]}
    assert by_name["map"]["variants"] == []
    assert by_name["stabilisers"]["variants"][:2] == [
        {"title": "as proposed", "config": {}},
        {"title": "without two learning rates", "config": {"ttur": False}},
    ]


def test_scoring_config_may_differ_in_how_it_scores() -> None:
    wanted = {"pixel_error": "squared", "patch_size": 8}

    config = registry.scoring_config(conv_ae.ConvAE, {"epochs": 50}, wanted)

    assert (config.pixel_error, config.patch_size) == ("squared", 8)


def test_scoring_config_refuses_what_was_not_learnt() -> None:
    with pytest.raises(BadInput, match=r"learnt by another config: epochs \(50 → 3\)$"):
        registry.scoring_config(conv_ae.ConvAE, {}, {"epochs": 3, "patch_size": 8})


def test_get_method_unknown_lists_the_known() -> None:
    with pytest.raises(BadInput, match=r"no method 'conv-ae'; known are .*conv_ae"):
        registry.get_method("conv-ae")


def test_register_refuses_a_second_method_of_the_same_name() -> None:
    with pytest.raises(ValueError, match=r"a second method named conv_ae.*conv_ae\.ConvAE has"):
        register(conv_ae.ConvAE)


@pytest.fixture
def plug_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules are entry points of the group, each named as its module."""

    def found(group: str, name: str = "") -> list[EntryPoint]:
        names = sorted(path.stem for path in tmp_path.glob("*.py"))
        return [EntryPoint(each, each, group) for each in names if name in ("", each)]

    monkeypatch.setattr(registry, "entry_points", found)
    monkeypatch.syspath_prepend(tmp_path)
    loading.fault.cache_clear()
    yield tmp_path
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(path.stem, None)
        registry.METHODS.load().pop(path.stem, None)
    loading.fault.cache_clear()


GOOD = """
from ml.methods import register
from ml.methods.conv_ae import ConvAE

@register
class Own(ConvAE):
    title = "Own"
"""


def test_load_methods_from_entry_points(plug_ins: Path, caplog: pytest.LogCaptureFixture) -> None:
    (plug_ins / "own_method.py").write_text(GOOD)
    (plug_ins / "broken_method.py").write_text("import a_package_that_is_not_installed\n")

    assert registry.load_methods()["own_method"].title == "Own"
    assert "the method plug-in broken_method cannot be loaded" in caplog.text


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import sys; sys.exit(3)", "it ends the process: sys.exit(3)"),
        ("raise BaseException('no')", "BaseException: no"),
        ("import time\ntry:\n    time.sleep(600)\nexcept Exception:\n    pass",
         "it was not imported within 0.2 s"),
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
    ],
)  # fmt: skip
def test_a_plug_in_that_cannot_be_loaded_harms_no_other(
    plug_ins: Path, monkeypatch: pytest.MonkeyPatch, code: str, why: str
) -> None:
    monkeypatch.setattr(loading, "LOAD_SECONDS", 0.2)
    (plug_ins / "bad_method.py").write_text(code)
    registry.get_method("conv_ae")

    assert registry.broken_plug_ins() == {"bad_method": why}
    assert registry.get_method("conv_ae").title
    with pytest.raises(BadInput, match="There is no method 'bad_method'"):
        registry.get_method("bad_method")


def test_a_plug_in_that_prints_does_not_print_into_the_catalogue(
    plug_ins: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (plug_ins / "loud_method.py").write_text("print('hello')\n" + GOOD)

    assert "loud_method" in registry.load_methods()
    assert capsys.readouterr() == ("", "hello\n")


def test_a_method_loads_no_plug_in_but_its_own(plug_ins: Path) -> None:
    for name in ("one_method", "two_method"):
        (plug_ins / f"{name}.py").write_text(GOOD)

    assert registry.get_method("one_method").title == "Own"
    assert "two_method" not in sys.modules
