"""The data set's columns, its halves of val, and its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kit.folds import second_half
from kit.images import read_images
from kit.scored import Labels
from kit.tables import Columns, Row, labels_of, part, patients_of, read_rows

SIZE = 224  # pixels: the data set was squeezed to this square without keeping the aspect ratio
SHAPE = (SIZE, SIZE)
COLUMNS = Columns(labels=("pneumonia", "bacterial", "viral"), attributes=("stored_as",))


def rows_of(data: Path, *splits: str) -> list[Row]:
    return part(read_rows(data, COLUMNS), *splits)


def truth_of(rows: Sequence[Row]) -> Labels:
    return labels_of(rows, "pneumonia")


def pictures_of(data: Path, rows: Sequence[Row]) -> NDArray[np.uint8]:
    """[N,224,224]"""
    return read_images(data, [row.file for row in rows], SHAPE)


def kind_of(row: Row) -> str:
    return "bacterial" if row.labels["bacterial"] else "viral" if row.labels["viral"] else "normal"


def half_of_val(data: Path, half: int) -> list[Row]:
    """The first half (0) chooses epoch and size, the second (1) calibrates and sets the threshold."""
    rows = rows_of(data, "val")
    second = second_half(patients_of(rows), truth_of(rows))
    return [row for row, late in zip(rows, second, strict=True) if late == bool(half)]
