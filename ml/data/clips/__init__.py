"""Clips: a few pictures from a stretch of a video, as a network sees them, in each modality.

Letters: N clips, L pictures of a clip, S side of a picture.
"""
