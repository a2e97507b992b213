"""The gates of this model: what each score means where it is too high, and the graph that gives the scores."""

from __future__ import annotations

from torch import Tensor, nn

from kit.gates.limits import Gate
from kit.gates.scores import Gates
from macular_oedema.network import Network, squeeze
from macular_oedema.table import SHAPE

MARGIN = 8  # pixels of 208 and of 512: left out where contrast is measured
UNLIKE = "The image is unlike the B-scans of the macula that the model was made with."

GATES = (
    Gate("contrast_lack", "corrupted", "blank", "The image is blank or nearly so: there is no contrast in it."),
    Gate("flatness", "corrupted", "text-only", "Most of the image is even, as a page of text is; no retina fills it."),
    Gate("grain", "corrupted", "poor-quality", "The image is noisier than any on which the model was measured."),
    Gate(
        "softness", "corrupted", "poor-quality", "The image is more blurred than any on which the model was measured."
    ),
    Gate("inverted", "pose", "inverted", "The image looks as if black and white were exchanged."),
    Gate("rotated", "pose", "rotated", "The image does not look like a B-scan with the vitreous at the top."),
    Gate("remoteness", "corrupted", "out-of-distribution", UNLIKE),
    Gate("atypicality", "corrupted", "out-of-distribution", UNLIKE),
)


def both_ways(middles: tuple[Tensor, Tensor]) -> Tensor:
    """The middle's features of a scan and of its mirror image -> their mean at the scan's places: gates that know no
    side."""
    scan, mirrored = middles
    return (scan + mirrored.flip(3)) / 2


class Gated(nn.Module):
    """The graph that is shipped: [N,1,H,W] grey levels 0..255 -> the network's answer and the scores, as one tuple."""

    def __init__(self, network: Network, gates: Gates) -> None:
        super().__init__()
        self.network, self.gates = network, gates

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        stored = squeeze(image, SHAPE)
        middles = self.network.middles(stored)
        return (*self.network.answer(middles), *self.gates(stored, both_ways(middles)))
