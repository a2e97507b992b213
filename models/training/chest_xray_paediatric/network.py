"""The whole network that is shipped: display grey levels in, logit, class activation map and embedding out."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chest_xray_paediatric.table import SHAPE
from kit.backbone import FEATURES, EfficientNetLite0, fold_norms
from kit.export import round_weights
from kit.resize import smooth, squeeze

WORKING = 160  # pixels a side at which the backbone looks; `choose_size.py` compares it with others
MARGIN = 28  # pixels of 224: the border left out of the standardisation (collimation, markers)
SPREAD = 0.45  # the standard deviation the backbone is fed with, on its scale of about -1..1


class Answer(NamedTuple):
    """logits [N,1]; activation [N,1,h,w], whose mean + the bias is the logit; embedding [N,1280]."""

    logits: Tensor
    activation: Tensor
    embedding: Tensor


def standardise(image: Tensor, stored: Tensor) -> Tensor:
    """[N,1,h,w] grey levels and the same image at [N,1,224,224] -> mean 0 and a fixed spread over its inner part.

    Takes out exposure and contrast, whatever display window the sender applied.
    """
    inner = stored[:, :, MARGIN:-MARGIN, MARGIN:-MARGIN]
    mean = inner.mean(dim=(2, 3), keepdim=True)
    spread = (inner - mean).square().mean(dim=(2, 3), keepdim=True).add(1.0).sqrt()
    return ((image - mean) / spread).clamp(-4.0, 4.0) * SPREAD


class Network(nn.Module):
    """[N,1,H,W] float32 grey levels 0..255 (0 = black, MONOCHROME2) -> Answer.

    `working` is the side in pixels at which the backbone looks: at most 224.
    """

    def __init__(self, backbone: EfficientNetLite0, working: int, dropout: float = 0.3) -> None:
        super().__init__()
        self.working = working
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(FEATURES, 1)

    def prepare(self, image: Tensor, stored: Tensor) -> Tensor:
        """[N,1,H,W] grey levels and their squeeze to 224 -> [N,3,working,working] as the backbone expects.

        Squeezed once, from the pixels that came: what a second resize adds depends on the size they came in.
        """
        return standardise(smooth(squeeze(image, (self.working, self.working))), stored).expand(-1, 3, -1, -1)

    def answer(self, features: Tensor) -> Answer:
        """The last feature map [N,1280,h,w] -> Answer."""
        embedding = features.mean(dim=(2, 3))
        logits = self.classifier(self.dropout(embedding))
        activation = F.conv2d(features, self.classifier.weight[:, :, None, None])
        return Answer(logits, activation, embedding)

    def forward(self, image: Tensor) -> Answer:
        return self.answer(self.backbone(self.prepare(image, squeeze(image, SHAPE))))


@torch.no_grad()
def logits_of(network: Network, images: Tensor, batch: int = 64) -> Tensor:
    """[N,224,224] uint8 -> [N] float32 logits, in evaluation mode."""
    network.eval()
    return torch.cat([network(images[i : i + batch, None].float()).logits[:, 0] for i in range(0, len(images), batch)])


def load_network(path: Path, working: int | None = None) -> Network:
    """The trained network in evaluation mode; `working` overrides the side in pixels the backbone looks at."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    network = Network(EfficientNetLite0(fine=saved["plan"].get("fine", False)), working or saved["plan"]["working"])
    network.load_state_dict(saved["weights"])
    return network.eval()


def folded(network: Network) -> Network:
    """A copy as it is shipped: without batch norms, every large tensor of it exact in float16."""
    network = copy.deepcopy(network).eval()
    fold_norms(network.backbone)
    round_weights(network)
    return network
