#!/usr/bin/env bash
# vus: R-AUC and VUS of scores that know nothing, beside ROC-AUC and the rate of anomalies.
# The package asks for TensorFlow and more, none of which these metrics use: hence --no-deps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 pandas==3.0.0 statsmodels==0.15.0 arch==8.0.0 matplotlib==3.11.2 tqdm==4.70.1
venv/bin/pip install --quiet --disable-pip-version-check --no-deps vus==0.0.6

venv/bin/python - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score
from vus.metrics import get_metrics

print("vus", version("vus"))

truth = np.zeros(2000, int)
truth[500:550] = truth[1500:1550] = 1
print(f"2000 frames, two events of 50: {truth.mean():.0%} anomalous")


def judge(score, window):
    one = get_metrics(score, truth, metric="range_auc", slidingWindow=window)
    volume = get_metrics(score, truth, metric="vus", slidingWindow=window)
    return np.array([one["R_AUC_ROC"], one["R_AUC_PR"], volume["VUS_ROC"], volume["VUS_PR"]])


noise = [np.random.default_rng(seed).random(2000) for seed in range(10)]
plain = np.mean([(roc_auc_score(truth, n), average_precision_score(truth, n)) for n in noise], axis=0)
print(f"noise, mean of 10:             ROC-AUC   {plain[0]:.3f}  AP       {plain[1]:.3f}")
assert 0.45 < plain[0] < 0.55 and 0.04 < plain[1] < 0.07

bounds = {25: (0.52, 0.57), 50: (0.57, 0.62), 100: (0.63, 0.70)}
for window, (low, high) in bounds.items():
    value = np.mean([judge(n, window) for n in noise], axis=0)
    print("noise, window {:3d}:             R-AUC-ROC {:.3f}  R-AUC-PR {:.3f}  VUS-ROC {:.3f}  VUS-PR {:.3f}".format(window, *value))
    assert low < value[2] < high and value[1] < 0.16

constant = judge(np.full(2000, 0.5), 50)
print("constant score, window  50:    R-AUC-ROC {:.3f}  R-AUC-PR {:.3f}  VUS-ROC {:.3f}  VUS-PR {:.3f}".format(*constant))
assert abs(constant[1] - 0.5464) < 0.001 and abs(constant[3] - 0.0709) < 0.001

perfect = judge(truth + 0.01 * noise[0], 50)
print("perfect score, window  50:     R-AUC-ROC {:.3f}  R-AUC-PR {:.3f}  VUS-ROC {:.3f}  VUS-PR {:.3f}".format(*perfect))
assert 0.88 < perfect[0] < 0.96 and 0.70 < perfect[1] < 0.85 and perfect[2] > 0.999 and perfect[3] > 0.99
PYTHON
