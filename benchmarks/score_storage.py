"""One million frame scores written and read: arrays as bytes against a row per frame.

Both go to the embedded Postgres with its default durability, each write in one transaction.
Our side is `save_scores` itself, with its checks and hash. Run from the repository root:

    python -m benchmarks.score_storage
"""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
from django.db import connection, models, transaction

from benchmarks import report
from benchmarks.embedded_site import site

N_VIDEOS, N_FRAMES = 100, 10_000
BATCH = 10_000
ROUNDS = 2
OURS_PER_ROUND = 7  # a round of the peer takes as long as hundreds of ours
SEED = 0


def main() -> None:
    with site():
        report.save("score_storage", measure(), seed=SEED)


def measure() -> dict[str, Any]:
    ours, peer = Ours(), Peer()
    our_times, peer_times = [], []
    for _ in range(ROUNDS):
        our_times += [ours.round() for _ in range(OURS_PER_ROUND)]
        peer_times.append(peer.round())
    write, read = (statistics.median(each) for each in zip(*our_times, strict=True))
    peer_write, peer_read = (statistics.median(each) for each in zip(*peer_times, strict=True))
    return {
        "n_scores": N_VIDEOS * N_FRAMES,
        "ours": {"write_seconds": write, "read_seconds": read, "bytes": ours.n_bytes()},
        "bulk_create": {
            "write_seconds": peer_write, "read_seconds": peer_read, "bytes": peer.n_bytes(),
        },
        "write_times_faster": peer_write / write,
        "read_times_faster": peer_read / read,
        "write_and_read_times_faster": (peer_write + peer_read) / (write + read),
        "times_smaller": peer.n_bytes() / ours.n_bytes(),
    }  # fmt: skip


class Ours:
    """Scores of a run through the service that stores every run's scores."""

    def __init__(self) -> None:
        from ml.records import Scores
        from tests.factories.results import labelled_run

        labels = {f"{number:03}": [0] * N_FRAMES for number in range(N_VIDEOS)}
        self.run = labelled_run(labels)
        values = np.random.default_rng(SEED).random((N_VIDEOS, N_FRAMES), dtype=np.float32)
        videos = self.run.dataset.videos.order_by("name")
        self.scores = {
            video.pk: Scores(values=row) for video, row in zip(videos, values, strict=True)
        }

    def round(self) -> tuple[float, float]:
        _empty("results_scoreset")
        return report.seconds(self.write), report.seconds(self.read)

    def write(self) -> None:
        from webapp.results.scores.storing import save_scores

        save_scores(run=self.run, job=None, scores=self.scores, rule="every frame")

    def read(self) -> None:
        """Every array as it is evaluated: one score per frame."""
        from webapp.results.models import VideoScores

        rows = VideoScores.objects.filter(score_set__run=self.run)
        read = {row.video_id: row.scores.to_frames(N_FRAMES) for row in rows}
        assert all(np.array_equal(read[pk], each.values) for pk, each in self.scores.items())

    def n_bytes(self) -> int:
        return _size_of("results_videoscores")


class Peer:
    """The usual table: a row per frame, written by `bulk_create`."""

    def __init__(self) -> None:
        class FrameScore(models.Model):
            video = models.IntegerField()
            frame = models.IntegerField()
            score = models.FloatField()

            class Meta:
                app_label = "results"
                db_table = "benchmark_framescore"
                constraints = [
                    models.UniqueConstraint(fields=["video", "frame"], name="frame_score_unique")
                ]

            def __str__(self) -> str:
                return f"{self.video} {self.frame}"

        with connection.schema_editor() as editor:
            editor.create_model(FrameScore)
        self.model: Any = FrameScore
        values = np.random.default_rng(SEED).random((N_VIDEOS, N_FRAMES), dtype=np.float32)
        self.values = values.tolist()

    def round(self) -> tuple[float, float]:
        _empty("benchmark_framescore")
        return report.seconds(self.write), report.seconds(self.read)

    def write(self) -> None:
        with transaction.atomic():
            self.model.objects.bulk_create(
                (
                    self.model(video=video, frame=frame, score=score)
                    for video, row in enumerate(self.values)
                    for frame, score in enumerate(row)
                ),
                batch_size=BATCH,
            )

    def read(self) -> None:
        rows = self.model.objects.order_by("video", "frame").values_list("score", flat=True)
        scores = np.fromiter(rows.iterator(BATCH), dtype=np.float32, count=N_VIDEOS * N_FRAMES)
        assert np.array_equal(scores.reshape(N_VIDEOS, -1), np.float32(self.values))

    def n_bytes(self) -> int:
        return _size_of("benchmark_framescore")


def _empty(table: str) -> None:
    """Nothing that an earlier round left behind counts."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


def _size_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s)", [table])
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    main()
