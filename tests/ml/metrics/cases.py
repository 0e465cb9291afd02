"""Made-up videos with many ties, some of one class, some empty."""

import numpy as np
from hypothesis import strategies as st

FEW = np.array([-1.0, -0.0, 0.0, 0.5, 2.0], dtype=np.float32)


def videos(rng, n_videos, longest=12, levels=None, dtype=np.float32):
    """Labels and scores per video; `levels` distinct scores, or all kinds of them."""
    lengths = rng.integers(0, longest + 1, n_videos)
    labels = [rng.integers(0, 2, n) * rng.integers(0, 2) for n in lengths]
    if levels is None:
        scores = [rng.normal(size=n).astype(dtype) for n in lengths]
    else:
        scores = [rng.integers(0, levels, n).astype(dtype) for n in lengths]
    return labels, scores


@st.composite
def several_videos(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return videos(
        rng,
        draw(st.integers(1, 8)),
        draw(st.sampled_from([1, 5, 150])),
        draw(st.sampled_from([None, 1, 3, 40])),
        draw(st.sampled_from([np.float32, np.float64])),
    )


def resampled(labels, scores, counts):
    """Frames of the videos repeated as one replicate's counts say."""
    pick = np.repeat(np.arange(len(counts)), counts)
    return np.concatenate([labels[i] for i in pick]), np.concatenate([scores[i] for i in pick])
