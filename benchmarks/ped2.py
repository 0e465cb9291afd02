"""UCSD Ped2 from folder to frame-level AUROC, through the REST API of a running site.

    python -m benchmarks.ped2 --url http://127.0.0.1:8000 --folder /data/ped2 \
        --config '{"input_size": 96, "epochs": 20}'

IWAKAN_TOKEN holds a token with the scope `submit`. Wall times are those of the jobs.
"""

import argparse
import datetime
import json
import os
import time
import urllib.request
from typing import Any

from benchmarks import report

POLL_SECONDS = 1


class Site:
    """The few calls of the API that this needs."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=self.headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def finished(self, job: dict[str, Any]) -> dict[str, Any]:
        """Wait for a job; end the program with its reason unless it succeeds."""
        while job["finished_at"] is None:
            time.sleep(POLL_SECONDS)
            job = self.call(f"/api/v1/jobs/{job['id']}")
        if job["status"] != "succeeded":
            raise SystemExit(f"{job['title']}: {job['status']}. {job['status_reason']}")
        return job


def import_dataset(site: Site, *, name: str, folder: str) -> tuple[dict[str, Any], float]:
    """The dataset and how long its import took; 0 seconds when it was there already."""
    known = [one for one in site.call("/api/v1/datasets")["results"] if one["name"] == name]
    if known:
        return without_errors(site.call(f"/api/v1/datasets/{known[0]['id']}")), 0.0
    submitted = site.call("/api/v1/datasets", {"name": name, "folder": folder})
    job = site.finished(submitted)
    return without_errors(site.call(job["result_url"])), duration(job)


def without_errors(dataset: dict[str, Any]) -> dict[str, Any]:
    """End the program where its import reports some: numbers would be others than they seem."""
    errors = [line for line in dataset["report"] if line["level"] == "error"]
    if errors:
        first = "; ".join(f"{line['subject']}: {line['text']}" for line in errors[:3])
        raise SystemExit(f"{dataset['name']} was imported with {len(errors)} errors. {first}")
    return dataset


def train_and_score(site: Site, *, dataset: dict[str, Any], method: str, config: dict[str, Any],
                    seed: int) -> dict[str, Any]:  # fmt: skip
    wanted = {"dataset": dataset["id"], "split": dataset["splits"][0]["id"], "method": method}
    trained = site.finished(site.call("/api/v1/runs", wanted | {"config": config, "seed": seed}))
    run = site.call(trained["result_url"])
    scored = site.finished(site.call(run["job_url"]))
    return {
        "run": run["id"],
        "config": run["config"],
        "train_seconds": duration(trained),
        "score_seconds": duration(scored),
        "provenance": trained["provenance"],
        "evaluations": headline(site.call(run["evaluation_url"])),
    }


def headline(evaluations: Any) -> dict[str, Any]:
    return {
        one["protocol"]["slug"]: one["metrics"] | one["counts"] for one in evaluations["results"]
    }


def duration(job: dict[str, Any]) -> float:
    start, end = (
        datetime.datetime.fromisoformat(job[name]) for name in ("started_at", "finished_at")
    )
    return round((end - start).total_seconds(), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--folder", required=True, help="on the server, below a data root")
    parser.add_argument("--dataset", default="UCSD Ped2", help="imported unless it is there")
    parser.add_argument("--notes", default="")
    parser.add_argument("--method", default="conv_ae")
    parser.add_argument("--config", type=json.loads, default={})
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    site = Site(arguments.url, os.environ["IWAKAN_TOKEN"])
    dataset, import_seconds = import_dataset(site, name=arguments.dataset, folder=arguments.folder)
    figures = train_and_score(
        site,
        dataset=dataset,
        method=arguments.method,
        config=arguments.config,
        seed=arguments.seed,
    )
    imported = {"import_seconds": import_seconds, "dataset_hash": dataset["content_hash"]}
    report.save("ped2", imported | figures, seed=arguments.seed, notes=arguments.notes)


if __name__ == "__main__":
    main()
