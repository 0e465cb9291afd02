"""What is asked of each route of the permission matrix, by the route's name."""

from __future__ import annotations

from typing import Any

from webapp.accounts.models import Team
from webapp.runs.models import Run

LIST = {"name": "test.txt", "part": "test", "text": "a"}


def queries_about(run: Run) -> dict[str, dict[str, str]]:
    """By route, what a GET asks for."""
    return {
        "results:compare": {"run": run.pk},
        "results:compare_export": {"run": run.pk},
        "results:classes_export": {"run": run.pk},
        "api:comparisons": {"run": run.pk},
        "results:curve": {"run": run.pk},
        "results:scores": {"run": run.pk},
        "results:alarms": {"run": run.pk, "threshold": "0.5"},
        "results:explanation": {"run": run.pk},
        "sharing:new": {"kind": "run", "run": run.pk},
        "sharing:curve": {"run": run.pk},
        "sharing:scores": {"run": run.pk},
        "sharing:alarms": {"run": run.pk, "threshold": "0.5"},
        "sharing:explanation": {"run": run.pk},
    }


def bodies_about(run: Run, team: Team) -> dict[str, dict[str, Any]]:
    """By route, what a POST sends."""
    video = run.dataset.videos.first()
    assert video is not None
    return {
        "accounts:tokens": {"name": "x", "scope": "read", "expires_in_days": "9"},
        "accounts:team": {"role": "viewer"},
        "accounts:switch_team": {"team": team.pk},
        "accounts:change_role": {"role": "member"},
        "runs:equivalent": {"method": run.method_id},
        "sharing:new": {"expires": "30"},
        "api:tokens": {"name": "x", "scope": "read"},
        "api:dataset_normal_labels": {"normal_labels": ["walking"]},
        "api:datasets": {"name": "x", "folder": "/nowhere"},
        "api:published_datasets": {
            "name": "x",
            "folder": "/nowhere",
            "benchmark": "ucf-crime",
        },
        "api:dataset_feature_sets": {"name": "x", "folder": "/nowhere", "extractor": "I3D"},
        "api:dataset_extract": {"name": "x", "extractor": "nothing"},
        "api:dataset_splits": {"name": "x", "files": [LIST]},
        "api:dataset_groups": {"file": "g.csv", "text": f"name,source\n{video.name},a\n"},
        "api:dataset_region_sets": {"name": "x", "file": "r.csv", "text": "video,frame\na,1\n"},
        "api:dataset_detections": {"name": "x", "detector": "nothing"},
        "api:video_previews": {"start_frame": 0, "end_frame": 4},
        "api:video_regions": {"name": "drawn", "regions": [{"start_frame": 0, "end_frame": 1}]},
        "api:uploaded_runs": {"dataset": run.dataset_id, "method_title": "x"},
        "api:protocols": {"title": "Ours", "settings": {}},
        "api:share_links": {"kind": "run", "runs": [run.pk]},
        "api:virtual_runs": {"recipe": {"members": []}},
        "runs:new_sweep": {"step": "submit"},
        "results:explain": {"run": run.pk},
        "results:evaluate": {"run": run.pk},
        "api:evaluation": {"protocol": "frame-raw"},
        "api:explanation": {"from_frame": 0, "to_frame": 2},
        "api:runs": {"dataset": run.dataset_id, "method": run.method_id},
        "api:sweeps": {"dataset": run.dataset_id, "method": run.method_id},
    }
