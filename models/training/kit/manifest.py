"""What every model.json says alike: how pixels become the graph's input, what the graph gives, what its scores may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kit.calibration import Platt
from kit.gates.limits import Gate
from kit.gates.scores import Scores

SNOMED = "http://snomed.info/sct"
BACKBONE = "Apache-2.0 (EfficientNet-Lite0, ImageNet)"  # its licence

TENSOR = {
    "name": "image",
    "layout": "NCHW",
    "channels": 1,
    "range": [0, 255],
    "photometric": "MONOCHROME2",
}

GRAPH = {
    "logits": "logits",
    "activation": "activation",
    "embedding": "embedding",
    "scores": list(Scores._fields),
}


def preparation(grey: Mapping[str, object], aspect: str, size: int) -> dict[str, object]:
    """Whole frames, resized by the graph itself to `size` pixels."""
    return {
        "grey": grey,
        "crop": "none",
        "aspect": aspect,
        "resize": {"in": "graph", "filter": "antialiased-linear", "size": size},
    }


def calibration(platt: Platt) -> dict[str, object]:
    return {"kind": "platt", "slope": platt.slope, "intercept": platt.intercept}


def gated(gates: Sequence[Gate], most: Mapping[str, float]) -> list[dict[str, object]]:
    return [
        {"score": gate.score, "atMost": most[gate.score], "reason": gate.reason, "detail": gate.detail}
        for gate in gates
    ]
