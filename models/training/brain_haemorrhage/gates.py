"""The gates of this model: what each score means where it is too high, and the graph that gives the scores."""

from __future__ import annotations

from torch import Tensor, nn

from brain_haemorrhage.network import Network, crop, squeeze
from kit.gates.limits import Gate
from kit.gates.scores import Gates

INSET = 24  # pixels of the crop's 192: left out where contrast is measured
UNLIKE = "The slice is unlike the slices of non-contrast head CT that the model was made with."

GATES = (
    Gate("contrast_lack", "corrupted", "blank", "The slice is blank or nearly so: no head is in it."),
    Gate("flatness", "corrupted", "text-only", "Most of the slice is even, as a page of text is; no anatomy fills it."),
    Gate("grain", "corrupted", "poor-quality", "The slice is noisier than any on which the model was measured."),
    Gate(
        "softness", "corrupted", "poor-quality", "The slice is more blurred than any on which the model was measured."
    ),
    Gate("inverted", "pose", "inverted", "The slice looks as if black and white were exchanged."),
    Gate("rotated", "pose", "rotated", "The slice does not lie as an axial slice of a head does."),
    Gate("remoteness", "corrupted", "out-of-distribution", UNLIKE),
    Gate("atypicality", "corrupted", "out-of-distribution", UNLIKE),
)


class Gated(nn.Module):
    """The graph that is shipped: [N,1,H,W] grey levels 0..255 -> the network's answer and the scores, as one tuple."""

    def __init__(self, network: Network, gates: Gates) -> None:
        super().__init__()
        self.network, self.gates = network, gates

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        cropped = crop(image, squeeze(image))
        middle = self.network.middle(cropped)
        return (*self.network.late.answer(middle), *self.gates(cropped, middle))
