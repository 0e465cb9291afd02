#!/usr/bin/env bash
# torch.optim.RAdam: what its first five steps are proportional to, beside the later ones and Adam's.
# PyPI's torch carries CUDA; PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu finds a smaller one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6

venv/bin/python - <<'PYTHON'
import math

import torch

print("torch", torch.__version__)

LR, BETA1, BETA2 = 1e-3, 0.9, 0.999
GRADIENTS = [1.0, -2.0, 3.0, 0.5, 4.0, 1.0, 2.0, 1.0]  # of one parameter, one after another


def moved(optimiser, scale, lr=LR):
    """How far each step goes, to which all gradients are multiplied by `scale`."""
    parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    chosen = optimiser([parameter], lr=lr)
    steps = []
    for gradient in GRADIENTS:
        before = parameter.item()
        parameter.grad = torch.full_like(parameter, scale * gradient)
        chosen.step()
        steps.append(before - parameter.item())
    return steps


def is_rectified(step):
    """Whether the approximated simple moving average is longer than 5: equation 4 of the paper."""
    longest = 2 / (1 - BETA2) - 1
    return longest - 2 * step * BETA2**step / (1 - BETA2**step) > 5


numbers = range(1, len(GRADIENTS) + 1)
print("not rectified:", [step for step in numbers if not is_rectified(step)])
assert [is_rectified(step) for step in numbers] == [False] * 5 + [True] * 3

momentum, expected = 0.0, []
for step, gradient in zip(numbers, GRADIENTS, strict=True):
    momentum = BETA1 * momentum + (1 - BETA1) * gradient
    expected.append(LR * momentum / (1 - BETA1**step))

plain = moved(torch.optim.RAdam, 1)
large = moved(torch.optim.RAdam, 100)
adam = moved(torch.optim.Adam, 100)
print("step  gradient  RAdam       lr x momentum  all gradients x 100       Adam, x 100")
for row in zip(numbers, GRADIENTS, plain, expected, large, adam, strict=True):
    print("{:4d}  {:8.1f}  {:+.3e}  {:+.3e}     {:+.3e}                {:+.3e}".format(*row))

for step in range(5):  # no square root of the second moment in them
    assert math.isclose(plain[step], expected[step], rel_tol=1e-9)
    assert math.isclose(large[step], 100 * plain[step], rel_tol=1e-9)
for step in range(5, len(GRADIENTS)):
    assert math.isclose(large[step], plain[step], rel_tol=1e-6)
assert all(abs(step) <= 1.01 * LR for step in adam)

ratio = abs(large[4] / large[5])
print(f"gradients x 100: step 5 is {ratio:,.0f} times as long as step 6, and {abs(large[4] / adam[4]):,.0f} times Adam's")
assert 9_000 < ratio < 10_000
PYTHON
