import numpy as np
import pytest

from brain_haemorrhage.table import of_studies, studies
from kit.scored import Scored

PATIENTS = np.array(["b", "a", "b", "b", "a", "b"])


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


def _cropped(image: np.ndarray) -> np.ndarray:
    torch = pytest.importorskip("torch")
    from brain_haemorrhage.network import crop, squeeze

    shown = torch.from_numpy(image)[None, None]
    return crop(shown, squeeze(shown))[0, 0].numpy()


CENTRED = (256, 256, 127.5, 127.5, 85.0)


@pytest.mark.parametrize(
    "other",
    [(256, 256, 110.0, 140.0, 85.0), (512, 512, 255.5, 255.5, 170.0), (300, 240, 120.0, 150.0, 85.0)],
    ids=["off centre", "twice the pixels", "not a square"],
)
def test_a_head_is_shown_alike_wherever_it_lies_and_whatever_the_matrix(
    other: tuple[int, int, float, float, float],
) -> None:
    assert np.abs(_cropped(_slice(*other)) - _cropped(_slice(*CENTRED))).mean() < 4


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
