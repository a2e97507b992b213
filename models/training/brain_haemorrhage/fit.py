"""What is trained: one linear layer on ImageNet's features of a slice, one line for each label.

It learns from views of the slices and not from the slices themselves: what is told of one then hangs less on how it was
stored. With 27 bleeding patients, teaching the backbone's late blocks as well gave less, out of fold, than leaving them
alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from kit.folds import Places
from kit.scored import Floats

RIDGE = 3e-4  # inverse strength, of standardised features; a third of it and three times it were tried on the folds


@dataclass(frozen=True)
class Lines:
    """Weights [L,2560] and biases [L] of L labels, in float64."""

    weights: Floats
    biases: Floats

    @classmethod
    def of(cls, file: Path) -> Lines:
        saved = np.load(file)
        return cls(saved["weights"], saved["biases"])

    def save(self, file: Path) -> None:
        np.savez(file, weights=self.weights, biases=self.biases)

    def logits(self, embeddings: NDArray[np.floating]) -> Floats:
        """[N,2560] -> [N,L]"""
        return embeddings @ self.weights.T + self.biases


def fit(views: NDArray[np.float32], labels: NDArray[np.int64], rows: Places) -> Lines:
    """From some rows of the views' embeddings [V,N,2560] and of labels [N,L]: each by itself, its classes balanced."""
    known = views[:, rows].reshape(-1, views.shape[2])
    scale = StandardScaler().fit(known)
    scaled = scale.transform(known)
    weights, biases = np.zeros((labels.shape[1], views.shape[2])), np.empty(labels.shape[1])
    for place, told in enumerate(labels[rows].T):
        if told.min() == told.max():
            # Nobody among these patients has it, or everybody: nothing to tell it by.
            biases[place] = np.log((told.sum() + 1) / ((1 - told).sum() + 1))
            continue
        line = LogisticRegression(C=RIDGE, class_weight="balanced", max_iter=1000)
        line.fit(scaled, np.tile(told, len(views)))
        weights[place] = line.coef_[0] / scale.scale_
        biases[place] = line.intercept_[0] - weights[place] @ scale.mean_
    return Lines(weights, biases)
