"""How far the classes come apart by what no reader would look at, beside what the model reaches on the same rows.

Each is a score of rows whose labels it was not given, from rows whose labels it was: train and val, or the folds of
`folds.out_of_fold`.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from kit.figures import auroc, difference, figure
from kit.intervals import DRAWS
from kit.scored import Floats, Labels, Scored

THUMBNAIL = 16  # pixels
NEIGHBOURS = 15
BLOCK = 8  # pixels
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)

Images = NDArray[np.uint8]
Region = NDArray[np.bool_]


def border(shape: tuple[int, int], width: int) -> Region:
    """[H,W]: the outermost pixels."""
    region = np.ones(shape, bool)
    region[width:-width, width:-width] = False
    return region


def rows_of(shape: tuple[int, int], rows: slice) -> Region:
    """[H,W]: whole rows, such as the uppermost, where only background is."""
    region = np.zeros(shape, bool)
    region[rows] = True
    return region


def percentiles(images: Images, region: Region) -> Floats:
    """[N,7]: how grey the region is and how much it varies, whatever lies where."""
    return np.percentile(images[:, region], PERCENTILES, axis=1).T


def blocks(images: Images, region: Region) -> Floats:
    """[N,B]: the mean grey level of each block of 8 x 8 pixels that lies within the region."""
    size = images.shape[2] // BLOCK, images.shape[1] // BLOCK
    inside = cv2.resize(region.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.999
    return np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA)[inside] for image in images]) / 255.0


def gradient_energy(images: Images) -> Floats:
    """[N,1]: the logarithm of the mean squared difference of neighbours: sharpness and noise, whatever is shown."""
    across = np.diff(images.astype(np.float32), axis=2)[:, :-1]
    down = np.diff(images.astype(np.float32), axis=1)[:, :, :-1]
    return np.log((across**2 + down**2).mean(axis=(1, 2)) + 1)[:, None].astype(np.float64)


def linear_score(known: Floats, labels: Labels, asked: Floats) -> Floats:
    """[K,D] with labels [K], and [M,D] -> [M]: the log odds of a ridge-penalised logistic regression."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    return model.fit(known, labels).decision_function(asked)


def nearest_thumbnails(known: Images, labels: Labels, asked: Images) -> Floats:
    """[M]: the share of positives among the 15 thumbnails that correlate best."""
    model = make_pipeline(Normalizer(), KNeighborsClassifier(NEIGHBOURS))
    return model.fit(_thumbnails(known), labels).predict_proba(_thumbnails(asked))[:, 1]


def _thumbnails(images: Images) -> Floats:
    """[N,H,W] -> [N,256] of mean 0."""
    size = (THUMBNAIL, THUMBNAIL)
    small = np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA).ravel() for image in images]) * 1.0
    return small - small.mean(axis=1, keepdims=True)


def shortcut_rows(model: Scored, scores: Mapping[str, Floats], draws: int = DRAWS) -> list[dict[str, object]]:
    """The model's AUROC and that of each named score [N] of the same rows, with how much more the model reaches."""
    found: list[dict[str, object]] = [{"name": "this model", "auroc": figure(model, auroc, draws)}]
    for name, score in scores.items():
        other = Scored(model.patient, model.truth, score)
        gain = difference(model, score, auroc, draws)
        found.append({"name": name, "auroc": figure(other, auroc, draws), "modelGain": gain})
    return found
