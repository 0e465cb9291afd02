import errno
import os

import pytest
import torch

from ml.failures import Diverged, explain
from ml.records import BadInput


def full_disk() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("error", "failure", "sentence"),
    [
        (BadInput("a.mp4 has no frames"), "bad_input", "a.mp4 has no frames"),
        (MemoryError(), "out_of_memory", "The memory did not suffice"),
        (torch.OutOfMemoryError("CUDA out of memory"), "out_of_memory", "The memory did not"),
        (full_disk(), "storage_full", "The disk is full (No space left on device)"),
        (OSError(errno.EFBIG, "File too large"), "storage_full", "The disk is full"),
        (OSError(errno.EACCES, "Permission denied"), "method_error", "PermissionError: "),
        (Diverged("The training diverged"), "method_error", "The training diverged"),
        (ValueError("first\nsecond"), "method_error", "ValueError: first"),
        (KeyError(), "method_error", "KeyError"),
    ],
)
def test_explain(error: Exception, failure: str, sentence: str) -> None:
    kind, text = explain(error)

    assert kind == failure
    assert text.startswith(sentence)
    assert "\n" not in text


def test_explain_memory_that_torch_cannot_get() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60)

    assert explain(caught.value)[0] == "out_of_memory"
