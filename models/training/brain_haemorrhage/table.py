"""The data set's columns, the part that is learned from, its folds and its pictures.

The set is small (27 bleeding patients), so train and val together are cut in five folds by patient. Test is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kit.folds import Places, k_folds
from kit.images import read_images
from kit.scored import Floats, Labels, Names, Scored
from kit.tables import Columns, Row, labels_of, part, patients_of, read_rows

SHAPE = (256, 256)
SUBTYPES = ("intraventricular", "intraparenchymal", "subarachnoid", "epidural", "subdural")
LABELS = ("any", *SUBTYPES)  # in the order of the logits
COLUMNS = Columns(labels=LABELS, attributes=("slice", "age", "sex", "fracture"))
TOP = 3  # slices that a study is judged by: 5 mm each, so a bleed of 15 mm fills them; set beforehand, not chosen


@dataclass(frozen=True, eq=False)
class Slices:
    """N slices of train and val: rows, patients [N], labels [N,6] and folds [N]."""

    rows: Sequence[Row]
    patients: Names
    labels: NDArray[np.int64]
    folds: Places

    def scored(self, score: Floats, label: str = "any") -> Scored:
        """Slice by slice: a score [N] of a label."""
        return Scored(self.patients, self.labels[:, LABELS.index(label)], score)


def slices_of(data: Path) -> Slices:
    rows = part(read_rows(data, COLUMNS), "train", "val")
    patients, labels = patients_of(rows), np.stack([labels_of(rows, name) for name in LABELS], axis=1)
    return Slices(rows, patients, labels, k_folds(patients, labels[:, 0]))


def pictures_of(data: Path, rows: Sequence[Row]) -> NDArray[np.uint8]:
    """[N,256,256] in the brain window."""
    return read_images(data, [row.file for row in rows], SHAPE)


def studies(slices: Scored) -> Scored:
    """A patient has one study: positive with any positive slice, its score the mean of its three highest logits."""
    names, place = np.unique(slices.patient, return_inverse=True)
    mine = [np.flatnonzero(place == index) for index in range(len(names))]
    truth: Labels = np.array([slices.truth[rows].max() for rows in mine], np.int64)
    return Scored(names, truth, np.array([np.sort(slices.score[rows])[-TOP:].mean() for rows in mine]))


def of_studies(patients: Names, values: NDArray[np.generic]) -> NDArray[np.generic]:
    """[N], the same for all slices of a patient -> [P], in the order of `studies`."""
    _, first = np.unique(patients, return_index=True)
    return values[first]
