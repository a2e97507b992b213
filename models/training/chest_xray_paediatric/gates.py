"""The gates of this model: what each score means where it is too high, and the graph that gives the scores."""

from __future__ import annotations

from torch import Tensor, nn

from chest_xray_paediatric.network import Network
from chest_xray_paediatric.table import SHAPE
from kit.gates.limits import usual_gates
from kit.gates.scores import Gates
from kit.resize import squeeze

GATES = usual_gates(
    "image",
    blank="there is no contrast in it",
    text="no anatomy fills it",
    upright="does not look like a chest radiograph that stands upright",
    unlike="the chest radiographs of young children",
)


class Gated(nn.Module):
    """The graph that is shipped: [N,1,H,W] grey levels 0..255 -> the network's answer and the scores, as one tuple."""

    def __init__(self, network: Network, gates: Gates) -> None:
        super().__init__()
        self.network, self.gates = network, gates

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        stored = squeeze(image, SHAPE)
        middle = self.network.backbone.middle(self.network.prepare(image, stored))
        answer = self.network.answer(self.network.backbone.last(middle))
        return (*answer, *self.gates(stored, middle))
