import numpy as np
from django.db import migrations


def by_times(apps, schema_editor):
    """Lengths of videos of variable rate were frames over the mean rate."""
    Video = apps.get_model("datasets", "Video")
    videos = Video.objects.filter(is_variable_rate=True, n_frames__gt=1).exclude(pts_seconds=b"")
    for video in videos.only("pts_seconds").iterator(chunk_size=10):
        times = np.frombuffer(video.pts_seconds, "<f8")
        video.duration_seconds = float(times[-1] - times[0] + np.median(np.diff(times)))
        video.save(update_fields=["duration_seconds"])


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0003_ground_truth"),
    ]

    operations = [
        migrations.RunPython(by_times, migrations.RunPython.noop, elidable=True),
    ]
