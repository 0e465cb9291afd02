import json
import sys
from importlib.metadata import EntryPoint
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ml import registry
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
def plug_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of modules that are entry points of the group: a good one and a broken one."""
    points = [
        EntryPoint(name, name, registry.ENTRY_POINTS) for name in ("own_method", "broken_method")
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_load_methods_from_entry_points(plug_ins: Path, caplog: pytest.LogCaptureFixture) -> None:
    (plug_ins / "own_method.py").write_text(
        "from ml.methods import register\n"
        "from ml.methods.conv_ae import ConvAE\n\n"
        "@register\nclass Own(ConvAE):\n    title = 'Own'\n"
    )
    (plug_ins / "broken_method.py").write_text("import a_package_that_is_not_installed\n")

    try:
        assert registry.load_methods()["own_method"].title == "Own"
        assert "the method plug-in broken_method cannot be loaded" in caplog.text
    finally:
        registry.load_methods().pop("own_method")
        sys.modules.pop("own_method")
