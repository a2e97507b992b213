from pathlib import Path

import pytest

from kit.looks import Look, TooManyLooksError


def look(folder: Path, weights: str = "a", threshold: str = "0.5", version: str = "1.0.0") -> Look:
    return Look(folder / "logs" / "test-evaluations.log", version, weights * 64, threshold)


def test_a_third_look_is_refused_and_leaves_no_line(tmp_path: Path) -> None:
    look(tmp_path, "a").begin()
    look(tmp_path, "b").begin()
    before = look(tmp_path).log.read_text()
    with pytest.raises(TooManyLooksError, match="1.0.0 has been evaluated"):
        look(tmp_path, "c").begin()
    assert look(tmp_path).log.read_text() == before


def test_the_same_weights_and_threshold_are_the_same_look(tmp_path: Path) -> None:
    for _ in range(5):
        look(tmp_path).begin()
        look(tmp_path).record("evaluation", {"auroc": 0.9})
    look(tmp_path, "b").begin()


def test_another_threshold_is_another_look(tmp_path: Path) -> None:
    look(tmp_path, threshold="0.5").begin()
    look(tmp_path, threshold="0.4").begin()
    with pytest.raises(TooManyLooksError):
        look(tmp_path, threshold="0.3").begin()


def test_another_version_has_looks_of_its_own(tmp_path: Path) -> None:
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        for weights in "ab":
            look(tmp_path, weights, version=version).begin()


def test_a_look_is_logged_before_anything_is_found(tmp_path: Path) -> None:
    look(tmp_path).begin()
    assert look(tmp_path).log.read_text() == '1.0.0 aaaaaaaaaaaa threshold 0.5 looked at: "look 1 of 2"\n'
