import pytest

from workers.lifecycle import refusal

GOOD = {"is_threads": True, "slots": 2, "prefetch": 1, "queues": {"cpu"}}


@pytest.mark.parametrize("good", [GOOD, GOOD | {"queues": {"gpu"}, "slots": 1}])
def test_refusal_of_a_good_combination_is_empty(good):
    assert refusal(**good) == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"is_threads": False}, "The pool must be threads"),
        ({"prefetch": 4}, "The prefetch multiplier must be 1"),
        ({"queues": {"celery"}}, "There is no queue celery"),
        ({"queues": {"cpu", "gpu"}}, "A worker serves one queue"),
        ({"queues": {"gpu"}}, "A gpu worker runs one job at a time"),
    ],
)
def test_refusal_says_what_is_wrong(change, sentence):
    assert refusal(**GOOD | change).startswith(sentence)
