"""The gates of this model: what each score means where it is too high, and the graph that gives the scores."""

from __future__ import annotations

from torch import Tensor, nn

from chest_xray_paediatric.network import STORED, Network, squeeze
from kit.gates.limits import Gate
from kit.gates.scores import Gates

UNLIKE = "The image is unlike the chest radiographs of young children that the model was made with."

GATES = (
    Gate("contrast_lack", "corrupted", "blank", "The image is blank or nearly so: there is no contrast in it."),
    Gate("flatness", "corrupted", "text-only", "Most of the image is even, as a page of text is; no anatomy fills it."),
    Gate("grain", "corrupted", "poor-quality", "The image is noisier than any on which the model was measured."),
    Gate(
        "softness", "corrupted", "poor-quality", "The image is more blurred than any on which the model was measured."
    ),
    Gate("inverted", "pose", "inverted", "The image looks as if black and white were exchanged."),
    Gate("rotated", "pose", "rotated", "The image does not look like a chest radiograph that stands upright."),
    Gate("remoteness", "corrupted", "out-of-distribution", UNLIKE),
    Gate("atypicality", "corrupted", "out-of-distribution", UNLIKE),
)


class Gated(nn.Module):
    """The graph that is shipped: [N,1,H,W] grey levels 0..255 -> the network's answer and the scores, as one tuple."""

    def __init__(self, network: Network, gates: Gates) -> None:
        super().__init__()
        self.network, self.gates = network, gates

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        stored = squeeze(image, STORED)
        middle = self.network.backbone.middle(self.network.prepare(image, stored))
        answer = self.network.answer(self.network.backbone.last(middle))
        return (*answer, *self.gates(stored, middle))
