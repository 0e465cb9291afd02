"""A job's output: append-only, addressed by byte offset, readable while it grows."""

from django.db.models import F

from webapp.jobs.models import Job, LogChunk
from webapp.jobs.services.execution import fenced

MAX_LOG_BYTES = 32 * 1024 * 1024  # a child that prints without end must not fill the database
CUT_HERE = b"\n[the log was cut here: it reached 32 MiB]\n"


def append_log(job: Job, data: bytes) -> None:
    """Raises JobSuperseded when the job is no longer held."""
    with fenced(job) as held:
        if not data or held.log_size >= MAX_LOG_BYTES:
            return
        if held.log_size + len(data) > MAX_LOG_BYTES:
            data = data[: MAX_LOG_BYTES - held.log_size] + CUT_HERE
        LogChunk.objects.bulk_create(
            LogChunk(job=held, offset=held.log_size + start, data=data[start : start + step])
            for step in [LogChunk.MAX_BYTES]
            for start in range(0, len(data), step)
        )
        Job.objects.filter(pk=held.pk).update(log_size=F("log_size") + len(data))


def read_log(job: Job, *, after: int, limit: int = 65_536) -> tuple[bytes, int]:
    """At most `limit` bytes from byte `after` on, and the offset to ask for next."""
    after = max(0, after)
    chunks = LogChunk.objects.filter(
        job=job, offset__gt=after - LogChunk.MAX_BYTES, offset__lt=after + limit
    ).order_by("offset")
    pieces = [(chunk.offset, bytes(chunk.data)) for chunk in chunks]
    if not pieces:
        return b"", after
    start = after - pieces[0][0]
    data = b"".join(piece for _, piece in pieces)[start : start + limit]
    return data, after + len(data)


def log_tail(job: Job, *, limit: int = 65_536) -> tuple[bytes, int]:
    """The last `limit` bytes and the offset behind them."""
    return read_log(job, after=max(0, job.log_size - limit), limit=limit)
