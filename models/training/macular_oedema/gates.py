"""The gates of this model: what each score means where it is too high, and the graph that gives the scores."""

from __future__ import annotations

from torch import Tensor, nn

from kit.gates.limits import usual_gates
from kit.gates.scores import Gates
from kit.resize import squeeze
from macular_oedema.network import Network
from macular_oedema.table import SHAPE

MARGIN = 8  # pixels of 208 and of 512: left out where contrast is measured
GATES = usual_gates(
    "image",
    blank="there is no contrast in it",
    text="no retina fills it",
    upright="does not look like a B-scan with the vitreous at the top",
    unlike="the B-scans of the macula",
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
        middles = self.network.middles(image)
        return (*self.network.answer(middles), *self.gates(stored, both_ways(middles)))
