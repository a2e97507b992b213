import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from kit.resize import smooth, soft_squeeze, squeeze  # noqa: E402

SHAPE = (64, 96)


def picture(shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """Fine grain on coarse shapes."""
    rng = np.random.default_rng(0)
    coarse = cv2.resize(rng.uniform(40, 200, (5, 7)), shape[::-1], interpolation=cv2.INTER_CUBIC)
    return (coarse + rng.normal(0, 20, shape)).astype(np.float32)


def tensor(image: np.ndarray) -> "torch.Tensor":
    return torch.from_numpy(image)[None, None]


@pytest.mark.parametrize("times", [2, 3, 4])
def test_an_enlarged_image_is_softly_squeezed_to_nearly_what_the_image_itself_is(times: int) -> None:
    image = picture()
    large = cv2.resize(image, (SHAPE[1] * times, SHAPE[0] * times), interpolation=cv2.INTER_CUBIC)
    soft, hard = ((how(tensor(large), SHAPE) - how(tensor(image), SHAPE)).std() for how in (soft_squeeze, squeeze))
    assert soft < 0.35 * hard


@pytest.mark.parametrize("shape", [(64, 96), (173, 50), (20, 31)], ids=["alike", "tall", "smaller"])
def test_an_even_image_stays_even_whatever_its_size(shape: tuple[int, int]) -> None:
    for how in (soft_squeeze, squeeze):
        assert torch.allclose(how(torch.full((1, 1, *shape), 77.0), SHAPE), torch.full((1, 1, *SHAPE), 77.0), atol=1e-3)


def test_what_lies_in_an_image_stays_where_it_is() -> None:
    image = np.zeros((128, 192), np.float32)
    image[80:84, 40:44] = 255
    found = soft_squeeze(tensor(image), SHAPE)[0, 0]
    rows, columns = torch.meshgrid(torch.arange(64) + 0.5, torch.arange(96) + 0.5, indexing="ij")
    centre = [float((found * axis).sum() / found.sum()) for axis in (rows, columns)]
    assert centre == pytest.approx([41, 21], abs=0.01)


def test_a_mirrored_image_is_smoothed_and_squeezed_to_the_mirrored_one() -> None:
    image = tensor(picture((100, 70)))
    for how in (smooth, lambda shown: soft_squeeze(shown, SHAPE)):
        assert torch.allclose(how(image.flip(3)).flip(3), how(image), atol=1e-3)
