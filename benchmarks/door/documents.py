"""JSON of events as scripts write it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.door._base import NOBODY_KNOWS, Case, kind
from benchmarks.door._rows import RIGHT, case, labelled

EVENT = '"start_frame": 60, "end_frame": 180, "label": "fall"'
TEXTS = {
    "intervals by name": '{"videos": {"01.mp4": [[60, 180, "fall"]], "02.mp4": []}}',
    "without videos": '{"01.mp4": [[60, 180, "fall"]], "02.mp4": []}',
    "from 1, inclusive": '{"base": 1, "end": "inclusive", '
    '"videos": {"01.mp4": [[61, 180, "fall"]], "02.mp4": []}}',
    "at 30/s": '{"rate": 30, "videos": {"01.mp4": [[72, 216, "fall"]], "02.mp4": []}}',
    "numbers in texts": '{"videos": {"01.mp4": [["60", "180", "fall"]], "02.mp4": []}}',
    "floats": '{"videos": {"01.mp4": [[60.0, 180.0, "fall"]], "02.mp4": []}}',
    "a comma at the end": '{"videos": {"01.mp4": [[60, 180, "fall"],], "02.mp4": [],}}',
    "objects": f'{{"videos": [{{"name": "01.mp4", "intervals": [{{{EVENT}}}]}}, '
    '{"name": "02.mp4", "intervals": []}]}',
    "objects of start and end": '{"videos": [{"name": "01.mp4", "intervals": '
    '[{"start": 60, "end": 180, "label": "fall"}]}, {"name": "02.mp4"}]}',
    "an object for each event": f'[{{"video": "01.mp4", {EVENT}}}]',
    "an object in each line": f'{{"video": "01.mp4", {EVENT}}}\n{{"video": "02.mp4"}}\n',
    "times on the clock": '{"videos": [{"name": "01.mp4", '
    '"seconds": [["00:00:02.4", "00:00:07.2", "fall"]]}, {"name": "02.mp4"}]}',
    "a mark in front": '\ufeff{"videos": {"01.mp4": [[60, 180, "fall"]], "02.mp4": []}}',
    "null for none": '{"videos": {"01.mp4": [[60, 180, "fall"]], "02.mp4": null}}',
    "names without endings": '{"videos": {"01": [[60, 180, "fall"]], "02": []}}',
}
UNCLEAR = {
    "the rate called fps": '{"fps": 30, "videos": {"01.mp4": [[72, 216]], "02.mp4": []}}',
    "halves": '{"videos": {"01.mp4": [[60.5, 180.5, "fall"]], "02.mp4": []}}',
    "NaN": '{"videos": {"01.mp4": [[NaN, 180, "fall"]], "02.mp4": []}}',
    "a name twice": '{"videos": {"01.mp4": [[60, 180]], "01.mp4": [], "02.mp4": []}}',
    "seconds as intervals": '{"videos": {"01.mp4": [[2.4, 7.2, "fall"]], "02.mp4": []}}',
    "flat numbers": '{"videos": {"01.mp4": [60, 180], "02.mp4": []}}',
}
LABELS = {"true": "", "3": "3", '"3"': "3", "null": "", '""': "", "1": ""}


@kind("JSON of events")
def documents() -> Iterator[Case]:
    for name, text in TEXTS.items():
        yield case(name, text, file="events.json")
    for name, text in UNCLEAR.items():
        yield case(name, text, NOBODY_KNOWS, file="events.json")
    for given, label in LABELS.items():
        text = f'{{"videos": {{"01.mp4": [[60, 180, {given}]], "02.mp4": []}}}}'
        yield case(f"the label {given}", text, labelled(label), file="events.json")
    for yes, no in (("1", "0"), ("true", "false"), ('"1"', '"0"'), ("1.0", "0.0")):
        spans = f"[[0, 60, {no}], [60, 180, {yes}], [180, 250, {no}]]"
        text = f'{{"videos": {{"01.mp4": {spans}, "02.mp4": [[0, 250, {no}]]}}}}'
        yield case(f"labels {yes} and {no}", text, labelled(""), file="events.json")
    anet = '{{"database": {{"01": {{"annotations": [{{"segment": [0, 2.4], "label": {0}}}, '
    anet += '{{"segment": [2.4, 7.2], "label": "fall"}}]}}, "02": {{"annotations": []}}}}}}'
    for no in ("0", "false", '"normal"'):
        yield case(f"ActivityNet, the label {no}", anet.format(no), RIGHT, file="anet.json")
