"""Error maps over REST."""

from rest_framework import serializers

from webapp.results.models import Explanation


class ExplanationSerializer(serializers.ModelSerializer[Explanation]):
    """How to read the sheet of tiles that `Accept: image/png` gives."""

    rule = serializers.CharField(help_text="What a cell shows and what its levels mean.")
    first_frame = serializers.IntegerField(help_text="The frame of the first map.")
    frames_per_map = serializers.IntegerField(help_text="Frames from one map to the next.")
    n_maps = serializers.IntegerField(help_text="Tiles of the sheet, row by row.")
    height = serializers.IntegerField(help_text="Cells of a map from top to bottom.")
    width = serializers.IntegerField(help_text="Cells of a map from left to right.")
    columns = serializers.IntegerField(help_text="Tiles in a row of the sheet.")
    highest = serializers.FloatField(help_text="The error that level 255 stands for; 0 is none.")
    highest_of_run = serializers.FloatField(help_text="The highest over all videos of the run.")

    class Meta:
        model = Explanation
        fields = [
            "video_id", "rule", "first_frame", "frames_per_map", "n_maps", "height", "width",
            "columns", "highest", "highest_of_run",
        ]  # fmt: skip
