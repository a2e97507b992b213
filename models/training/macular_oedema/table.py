"""The data set's columns, its pictures and its folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kit.folds import Places, k_folds
from kit.images import read_images
from kit.scored import Labels, Names
from kit.tables import Columns, Row, labels_of, part, patients_of, read_rows

SHAPE = (208, 512)  # pixels: the data set was squeezed to this from 573 x 1408
COLUMNS = Columns(labels=("dme",), attributes=("source", "dr", "eye"), patient="group")
GRADED, NOT_GRADED = "dr-graded", "dr-not-graded"
RETINOPATHY = ("NPDR", "PDR")


@dataclass(frozen=True)
class Table:
    """Rows in file order; a patient is the set's `group`."""

    data: Path
    rows: Sequence[Row]

    @classmethod
    def of(cls, data: Path, *splits: str) -> Table:
        """Of the named parts; of train and val, which the folds divide, where none is named."""
        return cls(data, part(read_rows(data, COLUMNS), *(splits or ("train", "val"))))

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """[N,208,512]"""
        return read_images(self.data, [row.file for row in self.rows], SHAPE)

    @cached_property
    def truth(self) -> Labels:
        return labels_of(self.rows, "dme")

    @cached_property
    def patients(self) -> Names:
        return patients_of(self.rows)

    def of_source(self, source: str) -> NDArray[np.bool_]:
        return np.array([row.attributes["source"] == source for row in self.rows])

    @cached_property
    def graded(self) -> NDArray[np.bool_]:
        return self.of_source(GRADED)

    @cached_property
    def retinopathy(self) -> NDArray[np.bool_]:
        """Graded, and not graded healthy: where oedema cannot be told by telling the diabetic from the healthy."""
        return np.array([row.attributes["dr"] in RETINOPATHY for row in self.rows])

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        return np.array([row.attributes["eye"] == "R" for row in self.rows])

    @cached_property
    def folds(self) -> Places:
        """[N]: five folds by patient, with oedema spread evenly; the same for every step."""
        return k_folds(self.patients, self.truth)

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """[N]: 0..3, source and label together. Training weighs each alike: the source then does not tell the label."""
        return self.truth + 2 * self.graded
