#!/usr/bin/env bash
# sed_eval: what one false alarm in a recording without any event does to the error rate, and what the usual
# 200 ms on the onset does to an alarm that covers 97 % of a minute.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    sed_eval==0.2.1 dcase_util==0.2.20 librosa==0.11.0 numba==0.68.1 numpy==2.4.6 scipy==1.17.1

venv/bin/python - <<'PYTHON'
import math
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")
import sed_eval
from dcase_util.containers import MetaDataContainer

print("sed_eval", version("sed_eval"))


def events(name, *spans):
    return MetaDataContainer(
        [{"filename": name, "onset": a, "offset": b, "event_label": "anomaly"} for a, b in spans]
    )


def by_event(*pairs, **options):
    judge = sed_eval.sound_event.EventBasedMetrics(event_label_list=["anomaly"], **options)
    for truth, alarms in pairs:
        judge.evaluate(reference_event_list=truth, estimated_event_list=alarms)
    numbers = judge.results_overall_metrics()
    return numbers["error_rate"]["error_rate"], numbers["f_measure"]["f_measure"]


def by_segment(truth, alarms):
    judge = sed_eval.sound_event.SegmentBasedMetrics(event_label_list=["anomaly"], time_resolution=1.0)
    judge.evaluate(reference_event_list=truth, estimated_event_list=alarms, evaluated_length_seconds=60)
    numbers = judge.results_overall_metrics()
    return numbers["error_rate"]["error_rate"], numbers["f_measure"]["f_measure"]


normal = events("normal"), events("normal", (10, 12))
eventful = events("eventful", (10, 20)), events("eventful", (10, 20))

rate, f1 = by_event(normal)
print(f"normal recording, one alarm of 2 s, by event:      error rate {rate:.0f}, F1 {f1}")
assert rate == 2.0**52 and math.isnan(f1)

rate, f1 = by_segment(*normal)
print(f"normal recording, one alarm of 2 s, by second:     error rate {rate:.0f}, F1 {f1}")
assert rate == 2.0**53 and math.isnan(f1)

rate, f1 = by_segment(events("normal"), events("normal"))
print(f"normal recording, no alarm, by second:             error rate {rate:.0f}, F1 {f1}")
assert rate == 0.0 and math.isnan(f1)

alone = [by_event(normal)[0], *(by_event(eventful)[0] for _ in range(99))]
mean = sum(alone) / len(alone)
print(f"mean over it and 99 recordings judged perfectly:   error rate {mean:.0f}")
assert mean == 2.0**52 / 100

pooled, f1 = by_event(normal, *[eventful] * 99)
print(f"the same 100 pooled before dividing:               error rate {pooled:.4f}, F1 {f1:.4f}")
assert abs(pooled - 1 / 99) < 1e-9 and abs(f1 - 198 / 199) < 1e-9

late = events("long", (10, 70)), events("long", (10.5, 69))
print(f"event 10 to 70 s, alarm 10.5 to 69 s (IoU {58.5 / 60}): F1 {by_event(late)[1]}, with a collar of 1 s {by_event(late, t_collar=1.0)[1]}")
assert by_event(late)[1] == 0.0 and by_event(late, t_collar=1.0)[1] == 1.0
PYTHON
