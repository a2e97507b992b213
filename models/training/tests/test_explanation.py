import numpy as np

from kit.explanation.card import explanation_text
from kit.explanation.curves import areas, at_image_size, blurred
from kit.explanation.rivals import explain, gaussian

SHAPE = (48, 64)
RNG = np.random.default_rng(0)


def image(row: int, column: int) -> np.ndarray:
    """Dim noise with one bright square, which is all that the answer below looks at."""
    shown = RNG.integers(0, 60, SHAPE).astype(np.uint8)
    shown[row : row + 8, column : column + 8] = 255
    return shown


def bright(images: np.ndarray) -> np.ndarray:
    return (images > 200).mean((1, 2))


def place(shown: np.ndarray) -> np.ndarray:
    return (shown > 200).astype(np.float32)


def test_a_map_that_shows_the_evidence_beats_its_opposite_in_both_curves() -> None:
    shown = image(8, 40)
    found = areas(bright, shown, {"right": place(shown), "wrong": 1 - place(shown)})
    assert found["right"]["insertion"] > found["wrong"]["insertion"]
    assert found["right"]["deletion"] < found["wrong"]["deletion"]


def test_a_blur_leaves_the_level_and_no_detail() -> None:
    shown = image(8, 40)
    away = blurred(shown, 40)
    assert away.shape == SHAPE and abs(away.mean() - shown.mean()) < 4 and away.std() < shown.std() / 4


def test_cells_are_drawn_to_the_size_of_the_image() -> None:
    assert at_image_size(np.eye(3, 4), SHAPE).shape == SHAPE


def explained(faithful: bool) -> dict:
    images = np.stack([image(int(RNG.integers(0, 40)), int(RNG.choice([0, 8, 48, 56]))) for _ in range(24)])
    noise = [RNG.random(SHAPE).astype(np.float32) for _ in images]
    own = [place(shown) for shown in images] if faithful else noise[::-1]
    return explain(bright, images, np.arange(24).astype(str), own, noise)


def test_a_map_is_faithful_that_beats_every_rival_in_both_curves_beyond_chance() -> None:
    found = explained(faithful=True)
    assert found["faithful"] and all(gain["ci95"][0] > 0 for gain in found["gains"])


def test_a_map_of_nothing_is_not_faithful_and_the_card_withholds_it() -> None:
    found = explained(faithful=False)
    assert not found["faithful"]
    said = {"part": "test", "cells": [10, 10], "chosen": "called positive", "score": "log odds"}
    text = explanation_text({**found, **said})
    assert "**Not faithful.**" in text and "so it is withheld" in text


def test_each_image_may_be_asked_of_its_own_network() -> None:
    images = np.stack([image(8, 40), image(20, 20)])
    maps = [place(shown) for shown in images]
    both = explain(bright, images, np.array(["a", "b"]), maps, maps)
    assert explain([bright, bright], images, np.array(["a", "b"]), maps, maps) == both
    mute = explain([bright, lambda asked: np.zeros(len(asked))], images, np.array(["a", "b"]), maps, maps)
    assert mute["areas"] != both["areas"]


def test_the_gaussian_is_highest_in_the_middle_of_any_shape() -> None:
    assert gaussian((5, 7)).argmax() == 2 * 7 + 3
