"""Folds and halves that share no patient."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from kit.scored import Floats, Labels, Names

Places = NDArray[np.int64]


def k_folds(patients: Names, truth: Labels, count: int = 5, seed: int = 0) -> Places:
    """[N]: the fold 0..count-1 of each row. Classes are spread as evenly as patients allow; the same for the same seed.

    Raises ValueError where a fold would lack a class.
    """
    folds = np.empty(len(truth), np.int64)
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    for place, (_, held) in enumerate(splitter.split(truth, truth, patients)):
        if len(np.unique(truth[held])) < 2:
            raise ValueError(f"fold {place} of {count} has one class only: too few patients")
        folds[held] = place
    return folds


def out_of_fold(folds: Places, answer: Callable[[Places, Places], Floats]) -> Floats:
    """[N]: of each row, what a model says that saw no fold of its patient.

    `answer(train, held)` trains on the rows `train` and returns a score of each of `held`; both are indices.
    """
    scores = np.empty(len(folds))
    for fold in np.unique(folds):
        held = np.flatnonzero(folds == fold)
        scores[held] = answer(np.flatnonzero(folds != fold), held)
    return scores


def second_half(patients: Names, truth: Labels) -> NDArray[np.bool_]:
    """[N]: which rows are of the second of two halves that share no patient, each class cut in two.

    Every second patient in the order of a hash, so the halves do not hang on a seed or on the rows' order; a patient
    with any positive row is a positive one. The first half chooses (epoch, input size), the second calibrates and sets
    the threshold: neither task sees the other's patients.
    """
    second: set[str] = set()
    ill = set(patients[truth == 1])
    for names in (set(patients) - ill, ill):
        ordered = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
        second.update(ordered[1::2])
    return np.array([name in second for name in patients])
