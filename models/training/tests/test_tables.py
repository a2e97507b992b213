from pathlib import Path

import pytest

from kit.tables import Columns, labels_of, part, patients_of, read_rows

COLUMNS = Columns(labels=("ill",), attributes=("view",), patient="group")


def write(folder: Path, *lines: str, head: str = "file,group,split,ill,view") -> Path:
    (folder / "labels.csv").write_text("\n".join((head, *lines)) + "\n")
    return folder


def test_reads_labels_and_attributes_by_the_names_the_recipe_gives(tmp_path: Path) -> None:
    rows = read_rows(write(tmp_path, "a.png,p1,train,1,AP", "b.png,p2,val,0,"), COLUMNS)
    assert labels_of(rows, "ill").tolist() == [1, 0]
    assert patients_of(rows).tolist() == ["p1", "p2"]
    assert [row.attributes["view"] for row in rows] == ["AP", ""]
    assert part(rows, "val") == rows[1:] and part(rows, "train", "val") == rows


def test_refuses_a_patient_in_two_splits(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="patient p1 is in train and in test"):
        read_rows(write(tmp_path, "a.png,p1,train,1,AP", "b.png,p1,test,0,AP"), COLUMNS)


@pytest.mark.parametrize(
    ("line", "said"),
    [("a.png,p1,dev,1,AP", "unknown split: 'dev'"), ("a.png,p1,train,,AP", "ill is '', neither 0 nor 1")],
)
def test_refuses_a_line_it_cannot_place(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_rows(write(tmp_path, line), COLUMNS)


def test_names_the_columns_that_are_missing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no column group, view"):
        read_rows(write(tmp_path, head="file,patient,split,ill"), COLUMNS)
