"""The gates of this model: what each score means where it is too high, and the graph that gives the scores."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, nn

from brain_haemorrhage.network import Network, see
from kit.gates.limits import usual_gates
from kit.gates.scores import Gates

INSET = 24  # pixels of the crop's 192: left out where contrast is measured
USUAL = usual_gates(
    "slice",
    blank="no head is in it",
    text="no anatomy fills it",
    upright="does not lie as an axial slice of a head does",
    unlike="the slices of non-contrast head CT",
)
# A bleed evens the grey of a slice: a limit from slices as they are alone refuses the blurred bleeding as blank.
GATES = tuple(replace(gate, rule="shown") if gate.score == "contrast_lack" else gate for gate in USUAL)


class Gated(nn.Module):
    """The graph that is shipped: [N,1,H,W] grey levels 0..255 -> the network's answer and the scores, as one tuple."""

    def __init__(self, network: Network, gates: Gates) -> None:
        super().__init__()
        self.network, self.gates = network, gates

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        seen = see(image)
        middles = self.network.middles(seen)
        straight, _ = seen
        return (*self.network.answer(seen, middles), *self.gates(straight.cropped, middles[0]))
