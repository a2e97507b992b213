import numpy as np

from kit.figures import auroc
from kit.scored import Scored
from kit.shortcuts import (
    blocks,
    border,
    gradient_energy,
    linear_score,
    nearest_thumbnails,
    percentiles,
    rows_of,
    shortcut_rows,
)

RNG = np.random.default_rng(0)
SHAPE = (48, 64)
LABELS = np.arange(120) % 2
PLAIN = RNG.normal(100, 10, (120, *SHAPE))


def grey(images: np.ndarray) -> np.ndarray:
    return np.clip(images, 0, 255).astype(np.uint8)


def found_by(feature) -> float:
    """AUROC of the second half from the labels of the first."""
    return auroc(LABELS[60:], linear_score(feature[:60], LABELS[:60], feature[60:]))


def test_regions_are_the_border_and_whole_rows() -> None:
    assert border(SHAPE, 8).sum() == 48 * 64 - 32 * 48
    assert rows_of(SHAPE, slice(-8, None)).sum() == 8 * 64


def test_a_brighter_background_gives_the_label_away_in_its_rows_and_nowhere_else() -> None:
    marked = PLAIN.copy()
    marked[LABELS == 1, :8] += 6
    top, bottom = rows_of(SHAPE, slice(8)), rows_of(SHAPE, slice(-8, None))
    for feature in (percentiles, blocks):
        assert found_by(feature(grey(marked), top)) > 0.99
        assert found_by(feature(grey(marked), bottom)) < 0.75


def test_sharpness_alone_gives_the_label_away() -> None:
    sharper = PLAIN + RNG.normal(0, 6, PLAIN.shape) * LABELS[:, None, None]
    assert found_by(gradient_energy(grey(sharper))) > 0.99
    assert 0.25 < found_by(gradient_energy(grey(PLAIN))) < 0.75


def test_thumbnails_know_an_image_that_looks_alike_however_bright() -> None:
    shapes = RNG.normal(0, 30, (2, 6, 8)).repeat(8, 1).repeat(8, 2)
    images = grey(PLAIN + shapes[LABELS] + RNG.normal(0, 20, (120, 1, 1)))
    assert auroc(LABELS[60:], nearest_thumbnails(images[:60], LABELS[:60], images[60:])) == 1


def test_each_shortcut_stands_beside_the_model_with_a_paired_difference() -> None:
    patient = np.arange(60).astype(str)
    model = Scored(patient, LABELS[60:], LABELS[60:] * 1.0 + RNG.normal(0, 0.6, 60))
    first, other = shortcut_rows(model, {"chance": RNG.random(60)}, draws=100)
    assert first["name"] == "this model" and other["name"] == "chance"
    assert other["modelGain"]["ci95"][0] > 0
