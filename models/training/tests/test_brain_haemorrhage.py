from pathlib import Path

import cv2
import numpy as np
import pytest

from brain_haemorrhage.fit import fit
from brain_haemorrhage.table import LABELS, Slices, of_studies, studies
from kit.figures import auroc
from kit.scored import Scored
from kit.tables import Row

PATIENTS = np.array(["b", "a", "b", "b", "a", "b"])


def _slices(numbers: list[int]) -> Slices:
    """Of PATIENTS, healthy; `numbers` are the slices' places in the head."""
    rows = [Row("", patient, "train", {}, {"slice": str(n)}) for patient, n in zip(PATIENTS, numbers, strict=True)]
    return Slices(rows, PATIENTS, np.zeros((6, len(LABELS)), np.int64), np.zeros(6, np.int64))


def test_a_slice_is_judged_with_its_neighbours_in_the_head_whatever_the_order_of_the_rows() -> None:
    slices = _slices([9, 2, 3, 5, 1, 4])  # b: 3, 4, 5, 9; a: 1, 2
    assert slices.smoothed(np.array([8.0, 4.0, 0.0, 4.0, 0.0, 2.0])).tolist() == [7.0, 3.0, 0.5, 4.5, 1.0, 2.0]


def test_a_study_is_scored_by_smoothed_logits() -> None:
    found = _slices([9, 2, 3, 5, 1, 4]).studies(np.array([8.0, 4.0, 0.0, 4.0, 0.0, 2.0]))
    assert found.patient.tolist() == ["a", "b"]
    assert found.score.tolist() == [2.0, 4.5]


def test_a_study_is_positive_with_any_slice_and_scored_by_its_three_highest() -> None:
    found = studies(Scored(PATIENTS, np.array([0, 0, 1, 0, 0, 0]), np.array([4.0, 1.0, 0.0, 2.0, 3.0, 3.0])))
    assert found.patient.tolist() == ["a", "b"]
    assert found.truth.tolist() == [0, 1]
    assert found.score.tolist() == [2.0, 3.0]


def test_what_a_patients_slices_share_is_the_studys_in_the_same_order() -> None:
    assert of_studies(PATIENTS, np.array([1, 0, 1, 1, 0, 1])).tolist() == [0, 1]


def _slice(height: int, width: int, x: float, y: float, half: float) -> np.ndarray:
    """[height,width]: an ellipse of brain in its skull about (x, y), `half` pixels wide and 1.2 times as high."""
    rows, columns = np.mgrid[:height, :width]
    radius = np.hypot((columns - x) / half, (rows - y) / (1.2 * half))
    return np.where(radius < 0.9, 110.0, np.where(radius < 1, 255.0, 0.0)).astype(np.float32)


STRAIGHT, UPRIGHT = 0, 1


def _cropped(image: np.ndarray, look: int = STRAIGHT) -> np.ndarray:
    torch = pytest.importorskip("torch")
    from brain_haemorrhage.network import see

    return see(torch.from_numpy(image)[None, None])[look].cropped[0, 0].numpy()


CENTRED = (256, 256, 127.5, 127.5, 85.0)
OTHERS = pytest.mark.parametrize(
    "other",
    [(256, 256, 110.0, 140.0, 85.0), (512, 512, 255.5, 255.5, 170.0), (300, 240, 120.0, 150.0, 85.0)],
    ids=["off centre", "twice the pixels", "not a square"],
)


@OTHERS
def test_a_head_is_shown_alike_wherever_it_lies_and_whatever_the_matrix(
    other: tuple[int, int, float, float, float],
) -> None:
    assert np.abs(_cropped(_slice(*other)) - _cropped(_slice(*CENTRED))).mean() < 4


@pytest.mark.parametrize("degrees", [-15, 10, 15])
def test_a_tilted_head_is_shown_as_it_lies_and_upright(degrees: int) -> None:
    """A half is darker: one turned the wrong way would be seen."""
    image = _slice(*CENTRED)
    image[:, :128] *= 0.6
    tilted = cv2.warpAffine(image, cv2.getRotationMatrix2D((127.5, 127.5), degrees, 1.0), (256, 256))
    gaps = [np.abs(_cropped(tilted, look) - _cropped(image, look)).mean() for look in (STRAIGHT, UPRIGHT)]
    assert gaps[UPRIGHT] < 0.3 * gaps[STRAIGHT]


def test_a_head_that_lies_on_its_side_stays_lying() -> None:
    image = _slice(*CENTRED)
    assert np.abs(_cropped(np.rot90(image).copy(), UPRIGHT) - np.rot90(_cropped(image, UPRIGHT))).mean() < 1


def test_the_table_does_not_move_the_head() -> None:
    tabled = _slice(*CENTRED)
    tabled[244:248, 30:226] = 255
    assert np.abs(_cropped(tabled) - _cropped(_slice(*CENTRED)))[:180].mean() < 4


def test_an_empty_slice_gives_numbers() -> None:
    assert np.isfinite(_cropped(np.zeros((256, 256), np.float32))).all()


def test_each_map_adds_up_to_its_logit() -> None:
    torch = pytest.importorskip("torch")
    from brain_haemorrhage.network import Late
    from kit.backbone import EfficientNetLite0

    torch.manual_seed(0)
    late = Late(EfficientNetLite0(fine=False)).eval()
    with torch.no_grad():
        found = late.answer(torch.rand(2, 112, 12, 12))
    assert torch.allclose(found.activation.mean((2, 3)) + late.classifier.bias, found.logits, atol=1e-5)


@OTHERS
@pytest.mark.parametrize("look", [STRAIGHT, UPRIGHT], ids=["straight", "upright"])
@pytest.mark.parametrize(("across", "down"), [(-0.4, 0.3), (0.5, -0.5)], ids=["lower left", "upper right"])
def test_evidence_in_a_cell_of_the_crop_is_laid_over_the_place_of_the_image_that_the_cell_shows(
    other: tuple[int, int, float, float, float], across: float, down: float, look: int
) -> None:
    torch = pytest.importorskip("torch")
    from brain_haemorrhage.network import CELLS, lay, see

    height, width, x, y, half = other
    place = x + across * half, y + down * half  # pixels
    image = _slice(*other)
    rows, columns = np.mgrid[:height, :width]
    spot = np.hypot(columns - place[0], rows - place[1]) < half / 12
    window = see(torch.from_numpy(image)[None, None])[look].window
    seen = see(torch.from_numpy(np.where(spot, 160, image).astype(np.float32))[None, None])[look]
    assert torch.allclose(window, seen.window, atol=0.02)
    bright = ((seen.cropped > 130) & (seen.cropped < 200)).float()
    inside = torch.zeros_like(bright)
    inside[:, :, 40:-40, 40:-40] = 1  # not the skull's edge
    cells = torch.nn.functional.avg_pool2d(bright * inside, 16)

    laid = lay(cells, seen.window)[0, 0].numpy()
    down_, across_ = np.unravel_index(laid.argmax(), laid.shape)
    size = width / CELLS, height / CELLS
    assert abs((across_ + 0.5) * size[0] - place[0]) < 0.15 * half + size[0]
    assert abs((down_ + 0.5) * size[1] - place[1]) < 0.15 * half + size[1]


def test_a_map_says_nothing_of_what_its_crop_does_not_show() -> None:
    torch = pytest.importorskip("torch")
    from brain_haemorrhage.network import lay

    maps = torch.linspace(-3, -1, 36).view(1, 1, 6, 6)
    laid = lay(maps, torch.tensor([[[0.5, 0.0, 0.5], [0.0, 0.5, 0.5]]]))
    assert torch.equal(laid[:, :, :14, :14], torch.full((1, 1, 14, 14), -3.0))
    assert laid[0, 0, 24, 24] > -2.2


def test_the_map_of_a_network_lies_over_the_whole_image() -> None:
    torch = pytest.importorskip("torch")
    from brain_haemorrhage.network import CELLS, Late, Network
    from kit.backbone import EfficientNetLite0

    torch.manual_seed(0)
    network = Network(Late(EfficientNetLite0(fine=False))).eval()
    with torch.no_grad():
        found = network(torch.from_numpy(_slice(300, 240, 90.0, 180.0, 60.0))[None, None])
    outside = found.activation[0, :, :6]
    assert found.activation.shape == (1, len(LABELS), CELLS, CELLS)
    assert torch.allclose(outside, found.activation.amin((0, 2, 3))[:, None, None].expand_as(outside), atol=1e-5)


def test_another_picture_keeps_its_proportions() -> None:
    pytest.importorskip("pydicom")
    pytest.importorskip("torch")
    from brain_haemorrhage.families import squeezed

    shown = squeezed(np.full((208, 512), 200, np.uint8))
    assert shown.shape == (256, 256)
    assert (shown[:70] == 0).all() and (shown[80:176] == 200).all() and (shown[186:] == 0).all()


@pytest.mark.parametrize(
    ("refused", "expected"), [([2, 2], 2), ([3, 1], 1), ([4, 4], 2)], ids=["half of each", "half of one", "all"]
)
def test_a_study_is_refused_where_at_least_half_of_its_slices_are(refused: list[int], expected: int) -> None:
    pytest.importorskip("torch")
    from brain_haemorrhage.evaluate_gates import refused_studies

    reasons = [reason for count in refused for reason in ["blank"] * count + [None] * (4 - count)]
    found = refused_studies(np.repeat(["a", "b"], 4), reasons)
    assert (found["hits"], found["n"]) == (expected, 2)


def test_a_study_is_refused_for_its_commonest_reason_and_otherwise_answered_by_smoothed_logits() -> None:
    pytest.importorskip("pydicom")
    pytest.importorskip("torch")
    from brain_haemorrhage.golden import refusal, study_logit

    assert refusal(["rotated", "blank", "rotated", None]) == "rotated"
    assert refusal([None, "blank", None, None]) is None
    assert study_logit(np.array([0.0, 8.0, 0.0, 0.0])) == (2 + 4 + 2) / 3


def test_the_drawn_head_is_a_volume_of_axial_slices_in_hounsfield_units(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    pytest.importorskip("torch")
    from brain_haemorrhage.draw import drawn
    from brain_haemorrhage.golden import CASES, windowed, written
    from brain_haemorrhage.settle import LEAST_SLICES

    files = written(tmp_path, CASES[0], 1)
    read = [pydicom.dcmread(file) for file in files]
    heights = [image.ImagePositionPatient[2] for image in read]
    assert len(files) >= LEAST_SLICES and len(set(np.diff(heights))) == 1
    assert len({image.SOPInstanceUID for image in read}) == len(files)
    assert len({image.SeriesInstanceUID for image in read}) == 1
    share = (drawn() - 40) / 120 + 0.5
    assert np.allclose(windowed(files), share.clip(0, 1) * 255, atol=1e-3)


def test_the_card_says_whether_the_aim_was_reached() -> None:
    pytest.importorskip("torch")
    from brain_haemorrhage.card import aim_text

    said = aim_text({"auroc": {"value": 0.89}, "meanOfFolds": 0.9})
    assert said == "Wanted was 0.90 or more: pooled 0.890, **missed**; mean of folds 0.900, reached."


def test_a_line_tells_what_its_label_hangs_on_and_nothing_of_a_label_that_nobody_has() -> None:
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(2, 200, 2560)).astype(np.float32)
    told = rng.integers(0, 2, 200)
    seen[:, :, :40] += 2 * told[:, None]
    labels = np.stack([told, np.zeros_like(told)], axis=1)
    logits = fit(seen, labels, np.arange(150)).logits(seen[0])
    assert auroc(told[150:], logits[150:, 0]) > 0.9
    assert np.ptp(logits[:, 1]) == 0 and logits[0, 1] < -4
