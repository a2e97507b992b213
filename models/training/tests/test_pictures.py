from pathlib import Path

import cv2
import numpy as np
import pytest

from kit.augmentation import Frame, Tone, expose, recompress, reframe, resample, roughen, soften
from kit.corruptions import CORRUPTIONS, corrupt
from kit.images import read_images
from kit.robustness import robustness

SHAPES = [(224, 224), (208, 512), (97, 64)]


def picture(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 7)).astype(np.uint8)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


PIECES = {
    "reframe": lambda image, rng: reframe(image, rng, Frame(flip=0.5)),
    "expose": lambda image, rng: expose(image, rng, Tone()),
    "soften": soften,
    "resample": resample,
    "roughen": roughen,
    "recompress": recompress,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PIECES)
def test_a_view_keeps_shape_and_kind_and_is_fixed_by_its_seed(name: str, shape: tuple[int, int]) -> None:
    image = picture(shape)
    views = [PIECES[name](image, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert all(view.shape == shape and view.dtype == np.uint8 for view in views)
    assert np.array_equal(views[0], views[1]) and not np.array_equal(views[0], views[2])


def test_nothing_moves_where_the_frame_may_not() -> None:
    image = picture((90, 120))
    still = Frame(zoom=(1, 1), aspect=0, shift=0, turn=0)
    assert np.array_equal(reframe(image, np.random.default_rng(0), still), image)


def test_a_mirror_image_is_made_only_where_it_is_allowed() -> None:
    image = picture((90, 120))
    mirror = Frame(zoom=(1, 1), aspect=0, shift=0, turn=0, flip=1.0)
    assert np.array_equal(reframe(image, np.random.default_rng(0), mirror), image[:, ::-1])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_corruption_changes_a_picture_of_any_shape_the_same_way_each_time(name: str, shape) -> None:
    images = picture(shape)[None]
    once = corrupt(images, name)
    assert once.shape == images.shape and once.dtype == np.uint8
    assert np.array_equal(once, corrupt(images, name)) and not np.array_equal(once, images)


def test_blur_is_as_strong_for_the_picture_whatever_its_pixels() -> None:
    small = picture((224, 224))
    large = cv2.resize(small, (896, 896), interpolation=cv2.INTER_CUBIC)
    blurred = cv2.resize(corrupt(large[None], "blur")[0], (224, 224), interpolation=cv2.INTER_AREA)
    assert np.abs(blurred.astype(int) - corrupt(small[None], "blur")[0]).mean() < 1.5


def test_an_answer_by_brightness_withstands_noise_and_not_exposure() -> None:
    truth = np.arange(40) % 2
    dark, bright = np.full((32, 32), 90, np.uint8), np.full((32, 32), 130, np.uint8)
    images = np.stack([bright if ill else dark for ill in truth])
    found = {row["name"]: row for row in robustness(lambda shown: shown.mean((1, 2)) / 255, images, truth, 110 / 255)}
    assert found["noise"]["kept"] and found["noise"]["auroc"] == 1
    assert not found["exposure +"]["kept"] and found["exposure +"]["specificityChange"] == -1


def test_reads_a_picture_and_refuses_one_of_another_size_or_none(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), picture((40, 50)))
    assert np.array_equal(read_images(tmp_path, ["a.png"], (40, 50))[0], picture((40, 50)))
    with pytest.raises(ValueError, match="a.png is 40 x 50, not 50 x 40"):
        read_images(tmp_path, ["a.png"], (50, 40))
    with pytest.raises(ValueError, match="b.png is no image"):
        read_images(tmp_path, ["b.png"], (40, 50))
