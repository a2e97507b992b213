"""The data set's columns, the part that is learned from, its folds and its pictures.

The set is small (27 bleeding patients), so train and val together are cut in five folds by patient. Test, with three
bleeding patients, is looked at last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
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
COLUMNS = Columns(labels=LABELS, attributes=("slice", "age", "sex", "fracture", "file_bone"))
TOP = 3  # slices that a study is judged by: 5 mm each, so a bleed of 15 mm fills them; set beforehand, not chosen


@dataclass(frozen=True, eq=False)
class Slices:
    """N slices: rows, patients [N], labels [N,6] and folds [N], which are 0 where nothing was cut."""

    rows: Sequence[Row]
    patients: Names
    labels: NDArray[np.int64]
    folds: Places

    @cached_property
    def _neighbours(self) -> tuple[Places, Places]:
        """[N] each: the row before and the one behind in the patient's head; at an end a slice is its own neighbour."""
        number = np.array([int(row.attributes["slice"]) for row in self.rows])
        order = np.lexsort((number, self.patients))
        before, behind = order.copy(), order.copy()
        same = self.patients[order[1:]] == self.patients[order[:-1]]
        before[1:][same], behind[:-1][same] = order[:-1][same], order[1:][same]
        found = np.empty((2, len(order)), np.int64)
        found[:, order] = before, behind
        return found[0], found[1]

    def smoothed(self, logits: Floats) -> Floats:
        """[N] -> [N]: the mean of each slice's logit, twice, and of those of the slices before and behind it."""
        before, behind = self._neighbours
        return (2 * logits + logits[before] + logits[behind]) / 4

    def scored(self, logits: Floats, label: str = "any") -> Scored:
        """Slice by slice: the smoothed logits [N] of a label, as a slice is judged."""
        return self.alone(self.smoothed(logits), label)

    def alone(self, score: Floats, label: str = "any") -> Scored:
        """Slice by slice: a score [N] of a label as it is."""
        return Scored(self.patients, self.labels[:, LABELS.index(label)], score)

    def studies(self, logits: Floats) -> Scored:
        """Study by study, of the slices' logits [N] as the network gives them: smoothed, then `studies`."""
        return studies(self.scored(logits))


def slices_of(data: Path) -> Slices:
    """Train and val, cut in five."""
    rows = part(read_rows(data, COLUMNS), "train", "val")
    patients, labels = _told(rows)
    return Slices(rows, patients, labels, k_folds(patients, labels[:, 0]))


def tested_slices_of(data: Path) -> Slices:
    """Test. To be read behind `looks.Look.begin` only."""
    rows = part(read_rows(data, COLUMNS), "test")
    return Slices(rows, *_told(rows), np.zeros(len(rows), np.int64))


def _told(rows: Sequence[Row]) -> tuple[Names, NDArray[np.int64]]:
    return patients_of(rows), np.stack([labels_of(rows, name) for name in LABELS], axis=1)


def pictures_of(data: Path, rows: Sequence[Row]) -> NDArray[np.uint8]:
    """[N,256,256] in the brain window."""
    return read_images(data, [row.file for row in rows], SHAPE)


def studies(slices: Scored) -> Scored:
    """A patient has one study: positive with any positive slice, its score the mean of its three highest scores."""
    names, place = np.unique(slices.patient, return_inverse=True)
    mine = [np.flatnonzero(place == index) for index in range(len(names))]
    truth: Labels = np.array([slices.truth[rows].max() for rows in mine], np.int64)
    return Scored(names, truth, np.array([np.sort(slices.score[rows])[-TOP:].mean() for rows in mine]))


def of_studies(patients: Names, values: NDArray[np.generic]) -> NDArray[np.generic]:
    """[N], the same for all slices of a patient -> [P], in the order of `studies`."""
    _, first = np.unique(patients, return_index=True)
    return values[first]
