"""The comparison page of 10 runs over 290 videos: what the server takes for it.

Rows are generated; the page is asked for as a browser would, through every middleware. There
is no peer: the figure is a time, of one request after a first one. Run from the repository root:

    python -m benchmarks.compare_page
"""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks import report
from benchmarks.embedded_site import site

N_RUNS, N_VIDEOS, N_FRAMES, FRAMES_PER_SCORE = 10, 290, 3_824, 16
ROUNDS = 15
SEED = 0


def main() -> None:
    with site():
        report.save("compare_page", measure(), seed=SEED)


def measure() -> dict[str, Any]:
    from django.test import Client

    user, runs = make_runs()
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    query = {"run": [run.pk for run in runs]}
    answer = client.get("/compare", query)
    assert answer.status_code == 200
    seconds = [report.seconds(lambda: client.get("/compare", query)) for _ in range(ROUNDS)]
    return {
        "runs": N_RUNS,
        "videos": N_VIDEOS,
        "frames": N_VIDEOS * N_FRAMES,
        "milliseconds": 1_000 * statistics.median(seconds),
        "slowest_milliseconds": 1_000 * max(seconds),
        "bytes": len(answer.content),
    }


def make_runs() -> tuple[Any, list[Any]]:
    """One dataset, its ground truth, and runs whose scores differ by chance."""
    import numpy as np

    from ml.records import Scores
    from tests.evaluating import evaluate
    from tests.factories.accounts import MembershipFactory, TeamFactory
    from tests.factories.results import labelled_run
    from tests.factories.runs import RunFactory
    from webapp.results.protocols.presets import ensure_protocols
    from webapp.results.scores.storing import save_scores

    rng = np.random.default_rng(SEED)
    team = TeamFactory.create()
    user = MembershipFactory.create(team=team).user
    labels = {
        f"v{i:03}": ((np.arange(N_FRAMES) % 997) < 120 * (i % 2)).astype(int).tolist()
        for i in range(N_VIDEOS)
    }
    first = labelled_run(labels, team=team, current_job__ended=True)
    names = ("dataset", "split", "annotation_set")
    same = {name: getattr(first, name) for name in names}
    others = [RunFactory.create(team=team, current_job__ended=True, **same) for _ in range(9)]
    videos = list(first.dataset.videos.filter(split_members__part="test"))
    n_scores = -(-N_FRAMES // FRAMES_PER_SCORE)
    for run in (first, *others):
        scores = {
            video.pk: Scores(
                values=rng.normal(size=n_scores).astype(np.float32),
                frames_per_value=FRAMES_PER_SCORE,
            )
            for video in videos
        }
        score_set = save_scores(run=run, job=run.current_job, scores=scores, rule="by chance")
        evaluate(score_set, ensure_protocols()[0])
    return user, [first, *others]


if __name__ == "__main__":
    main()
