import pytest

from tests.factories.jobs import JobFactory
from webapp.jobs.models import Job
from webapp.jobs.services import append_log, log, log_tail, read_log


@pytest.fixture
def job(team):
    return JobFactory.create(team=team, held=True)


def test_read_log_goes_on_where_it_stopped(job):
    append_log(job, "epoch 1 ✓\n".encode())
    first, offset = read_log(job, after=0)
    append_log(job, b"epoch 2\n")

    second, end = read_log(job, after=offset)

    assert first.decode() == "epoch 1 ✓\n"
    assert second == b"epoch 2\n"
    assert end == Job.objects.get().log_size == len(first + second)


def test_read_log_from_the_middle_of_a_chunk(job):
    append_log(job, b"0123456789")
    append_log(job, b"abcdef")

    assert read_log(job, after=8, limit=4) == (b"89ab", 12)


def test_read_log_over_many_chunks(job):
    data = bytes(range(256)) * 1000
    append_log(job, data)

    read, offset = b"", 0
    while (piece := read_log(job, after=offset))[0]:
        read, offset = read + piece[0], piece[1]

    assert read == data
    assert job.log_chunks.count() == 4


@pytest.mark.parametrize("after", [-5, 6, 10**12])
def test_read_log_outside_of_the_log(job, after):
    append_log(job, b"hello\n")

    data, offset = read_log(job, after=after)

    assert (data, offset) == ((b"hello\n", 6) if after < 0 else (b"", after))


def test_log_tail_is_the_end(job):
    append_log(job, b"x" * 100_000 + b"end")
    job.refresh_from_db()

    data, offset = log_tail(job, limit=10)

    assert (data, offset) == (b"x" * 7 + b"end", 100_003)


def test_append_log_stops_at_the_limit_and_says_so(job, monkeypatch):
    monkeypatch.setattr(log, "MAX_LOG_BYTES", 10)

    for _ in range(3):
        append_log(job, b"1234567")

    assert read_log(job, after=0)[0] == b"1234567123" + log.CUT_HERE
