"""What a shipped ONNX file answers, through the runtime that serves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from scipy.special import expit

from kit.calibration import Platt
from kit.evidence import sha256_of
from kit.json_file import read_json
from kit.looks import Look


class Model:
    """An ONNX file of the manifest's contract: `image` [N,C,H,W] float32 0..255 -> named outputs."""

    def __init__(self, path: Path, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def outputs(
        self, images: NDArray[np.uint8], names: Sequence[str], batch: int = 8
    ) -> dict[str, NDArray[np.float64]]:
        """[N,H,W] or [N,C,H,W] grey levels -> each named output of all of them, [N,...]."""
        shaped = images[:, None] if images.ndim == 3 else images
        parts = [
            self.session.run(names, {"image": shaped[i : i + batch].astype(np.float32)})
            for i in range(0, len(shaped), batch)
        ]
        return {
            name: np.concatenate([part[place] for part in parts]).astype(np.float64) for place, name in enumerate(names)
        }

    def columns(self, images: NDArray[np.uint8], names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """[N,H,W] or [N,C,H,W] grey levels -> the first number of each named output, [N]."""
        return {name: values[:, 0] for name, values in self.outputs(images, names).items()}


@dataclass(frozen=True)
class Shipped:
    """A model's folder, its manifest and its file. `place` is that of an output in the manifest."""

    folder: Path
    manifest: dict[str, Any]
    model: Model

    @property
    def named(self) -> dict[str, str]:
        """How a report names the model it is of."""
        return {key: self.manifest[key] for key in ("name", "version", "sha256")}

    @property
    def look(self) -> Look:
        """A look at the test part with these weights and thresholds."""
        thresholds = ",".join(str(output["threshold"]) for output in self.manifest["outputs"])
        log = self.folder / "logs" / "test-evaluations.log"
        return Look(log, self.manifest["version"], self.manifest["sha256"], thresholds)

    def threshold(self, place: int = 0) -> float:
        return self.manifest["outputs"][place]["threshold"]

    def log_odds(self, images: NDArray[np.uint8], place: int = 0) -> NDArray[np.float64]:
        """[N,H,W] -> [N], calibrated."""
        output, name = self.manifest["outputs"][place], self.manifest["graph"]["logits"]
        return Platt.of(output).log_odds(self.model.outputs(images, [name])[name][:, output["index"]])

    def probability(self, images: NDArray[np.uint8], place: int = 0) -> NDArray[np.float64]:
        """[N,H,W] -> [N], calibrated."""
        return expit(self.log_odds(images, place))


def open_shipped(folder: Path) -> Shipped:
    """Raises ValueError where the file is not the manifest's."""
    manifest = read_json(folder / "model.json")
    file = folder / manifest["file"]
    if sha256_of(file) != manifest["sha256"]:
        raise ValueError(f"{file} is not the file of model.json")
    return Shipped(folder, manifest, Model(file))
