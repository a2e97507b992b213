"""People with some images each, whose scores lean their way: what tests draw from."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from kit.scored import Scored


def clustered(people: int, images: int, seed: int, within: float = 1.0) -> Scored:
    """`images` of each of `people`, every second of them ill; a share `within` of the noise is the person's own."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(people) % 2, images)
    own, of_image = rng.normal(size=people).repeat(images), rng.normal(size=people * images)
    logits = 1.0 * truth + np.sqrt(within) * own + np.sqrt(1 - within) * of_image
    return Scored(np.repeat([f"p{index}" for index in range(people)], images), truth, expit(logits))


def true_probabilities(n: int, seed: int, slope: float = 1.0, intercept: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(truth, logits) where the log odds of truth are slope * logit + intercept."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, n)
    return (rng.random(n) < expit(slope * logits + intercept)).astype(np.int64), logits
