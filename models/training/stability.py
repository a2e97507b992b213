"""Step 5b: what the model might lean on instead of the lungs, measured on val; adds to evaluation.json.

    python stability.py --data DIR --model ../chest-xray-paediatric --resized runs/resized --original runs/original

- Two networks trained by the same recipe, shorter, on the files stored one way, tested on those stored the other way:
  a gap to the same kind would mean that the way of storing is read.
- How far the classes come apart without lungs: from thumbnails, from the border alone, and for the shipped model with
  the middle of the image covered.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from answers import Model
from evaluate import rounded
from export_onnx import load_network
from images import read_images
from json_file import read_json, write_json
from labels import Row, part, read_rows
from metrics import auroc, specificity_at_sensitivity
from network import logits_of

THUMBNAIL = 16  # pixels
NEIGHBOURS = 15
BORDER = 24  # pixels of 224


def crossed(rows: list[Row], images: NDArray[np.uint8], networks: dict[str, Path]) -> list[dict[str, object]]:
    found = []
    for trained_on, folder in networks.items():
        score = logits_of(load_network(folder / "network.pt"), torch.from_numpy(images)).numpy()
        for tested_on in ("resized", "original"):
            chosen = np.array([row.stored_as == tested_on for row in rows])
            truth = np.array([row.pneumonia for row in rows])[chosen]
            found.append(
                {
                    "trainedOn": trained_on,
                    "testedOn": tested_on,
                    "n": int(chosen.sum()),
                    "auroc": rounded(auroc(truth, score[chosen])),
                    "specificityAtSensitivity95": rounded(specificity_at_sensitivity(truth, score[chosen], 0.95)),
                }
            )
    return found


def _thumbnails(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """[N,224,224] -> [N,256], each with mean 0 and length 1."""
    size = (THUMBNAIL, THUMBNAIL)
    small = np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA).ravel() for image in images]) * 1.0
    small -= small.mean(axis=1, keepdims=True)
    return small / np.linalg.norm(small, axis=1, keepdims=True)


def nearest_thumbnails(
    images: NDArray[np.uint8], known: NDArray[np.uint8], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """[N]: the share of pneumonia among the training thumbnails that correlate best."""
    likeness = _thumbnails(images) @ _thumbnails(known).T
    nearest = np.argpartition(-likeness, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    return labels[nearest].mean(axis=1) + 1e-6 * np.take_along_axis(likeness, nearest, 1).mean(axis=1)


def _borders(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """[N,224,224] -> the mean grey level of each 8 x 8 block of the outer 24 pixels."""
    size = images.shape[1] // 8
    blocks = np.stack([cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA) for image in images]) / 255.0
    outer = np.ones((size, size), bool)
    rim = BORDER // 8
    outer[rim:-rim, rim:-rim] = False
    return blocks[:, outer]


def border_logistic(
    images: NDArray[np.uint8], known: NDArray[np.uint8], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """[N]: a ridge-penalised logistic regression on the border, 300 steps of gradient descent."""
    train, test = _borders(known), _borders(images)
    mean, spread = train.mean(axis=0), train.std(axis=0) + 1e-3
    train, test = (train - mean) / spread, (test - mean) / spread
    weights, bias = np.zeros(train.shape[1]), 0.0
    for _ in range(300):
        gap = 1 / (1 + np.exp(-(train @ weights + bias))) - labels
        weights -= 0.05 * (train.T @ gap / len(labels) + 0.01 * weights)
        bias -= 0.05 * gap.mean()
    return test @ weights + bias


def covered(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The images with everything but the outer 24 pixels replaced by the image's mean grey."""
    hidden = images.copy()
    for image in hidden:
        image[BORDER:-BORDER, BORDER:-BORDER] = round(float(image.mean()))
    return hidden


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--resized", type=Path)
    parser.add_argument("--original", type=Path)
    args = parser.parse_args()

    rows = read_rows(args.data)
    train, val = part(rows, "train"), part(rows, "val")
    known, images = read_images(args.data, train), read_images(args.data, val)
    labels = np.array([row.pneumonia for row in train])
    truth = np.array([row.pneumonia for row in val])
    shipped = Model(args.model / "1" / "model.onnx")
    named = {"resized": args.resized, "original": args.original}
    shortcuts = {
        f"nearest of {THUMBNAIL} x {THUMBNAIL} thumbnails": nearest_thumbnails(images, known, labels),
        f"logistic regression on the outer {BORDER} pixels": border_logistic(images, known, labels),
        f"this model, all but the outer {BORDER} pixels covered": shipped.logits(covered(images)),
        "this model": shipped.logits(images),
    }
    evaluation = read_json(args.model / "evaluation.json")
    evaluation["storedAs"] = crossed(val, images, {name: folder for name, folder in named.items() if folder})
    evaluation["shortcuts"] = [
        {"name": name, "auroc": rounded(auroc(truth, score))} for name, score in shortcuts.items()
    ]
    write_json(args.model / "evaluation.json", evaluation)
    print(evaluation["storedAs"], evaluation["shortcuts"], sep="\n")


if __name__ == "__main__":
    main()
