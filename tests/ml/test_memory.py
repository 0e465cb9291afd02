"""That freed memory stays, told by a process of its own: it cannot be taken back."""

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import numpy as np
from ml import memory

if "keep" in sys.argv:
    assert memory.keep_freed()
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(2**25, np.uint8)
before = faults()
for _ in range(4):
    np.ones(2**25 + 1, np.uint8)
print(faults() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc alone is asked")
def test_large_blocks_are_fetched_from_the_kernel_once() -> None:
    assert faults("keep") * 10 < faults()


def faults(*arguments: str) -> int:
    """Pages that the kernel had to bring for four blocks of 32 MB, each freed before the next."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTS, *arguments], capture_output=True, text=True, check=True
    )
    return int(done.stdout)
