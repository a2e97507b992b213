"""Rows of a data folder's labels.csv and the parts of the data set, always by patient."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kit.scored import Labels, Names

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Columns:
    """Which columns of labels.csv a recipe reads. Labels are 0 or 1; attributes are text, a blank where unknown.

    `patient` names the column that the split was made by: where a set knows its patients only roughly, their group.
    """

    labels: tuple[str, ...]
    attributes: tuple[str, ...] = ()
    patient: str = "patient"


@dataclass(frozen=True)
class Row:
    """One image. `file` is below the data folder."""

    file: str
    patient: str
    split: str
    labels: dict[str, int] = field(hash=False)
    attributes: dict[str, str] = field(hash=False)


def read_rows(data: Path, columns: Columns) -> list[Row]:
    """All rows of DATA/labels.csv, in file order.

    Raises ValueError for a missing column, an unknown split, a label that is neither 0 nor 1, a patient in two splits.
    """
    with (data / "labels.csv").open(newline="") as handle:
        lines = csv.DictReader(handle)
        wanted = ("file", columns.patient, "split", *columns.labels, *columns.attributes)
        if missing := [name for name in wanted if name not in (lines.fieldnames or ())]:
            raise ValueError(f"labels.csv has no column {', '.join(missing)}")
        rows = [_row(line, columns) for line in lines]
    _refuse_leaks(rows)
    return rows


def _row(line: dict[str, str], columns: Columns) -> Row:
    file, split = line["file"], line["split"]
    if split not in SPLITS:
        raise ValueError(f"{file} is of an unknown split: {split!r}")
    for name in columns.labels:
        if line[name] not in ("0", "1"):
            raise ValueError(f"{file}: {name} is {line[name]!r}, neither 0 nor 1")
    labels = {name: int(line[name]) for name in columns.labels}
    return Row(file, line[columns.patient], split, labels, {name: line[name] for name in columns.attributes})


def _refuse_leaks(rows: list[Row]) -> None:
    seen: dict[str, str] = {}
    for row in rows:
        if seen.setdefault(row.patient, row.split) != row.split:
            raise ValueError(f"patient {row.patient} is in {seen[row.patient]} and in {row.split}")


def part(rows: Sequence[Row], *splits: str) -> list[Row]:
    """The rows of the named parts, of train, val and test."""
    return [row for row in rows if row.split in splits]


def patients_of(rows: Sequence[Row]) -> Names:
    return np.array([row.patient for row in rows], np.str_)


def labels_of(rows: Sequence[Row], name: str) -> Labels:
    return np.array([row.labels[name] for row in rows], np.int64)
