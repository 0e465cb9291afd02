#!/usr/bin/env bash
# prts: what range-based precision, recall and F make of a video without an alarm, and of one without an event.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check prts==1.0.0.3 numpy==1.26.4

venv/bin/python - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from prts import ts_fscore, ts_precision, ts_recall

print("prts", version("prts"))


def frames(*spans):
    labels = np.zeros(300, int)
    for first, end in spans:
        labels[first:end] = 1
    return labels


event, elsewhere, none = frames((100, 150)), frames((200, 250)), frames()

for name, truth, alarm in (
    ("an event, no alarm   ", event, none),
    ("no event, an alarm   ", none, event),
    ("no event, no alarm   ", none, none),
):
    for metric in (ts_precision, ts_recall, ts_fscore):
        try:
            metric(truth, alarm)
        except AssertionError as error:
            print(name, metric.__name__, "AssertionError, message", repr(str(error)))
            assert str(error) == ""
        else:
            raise SystemExit(f"{metric.__name__} gave a number for {name.strip()}")

wrong = [float(metric(event, elsewhere)) for metric in (ts_precision, ts_recall, ts_fscore)]
print("an event, an alarm elsewhere: precision, recall, F", *wrong)
assert wrong == [0.0, 0.0, 0.0]
PYTHON
