"""The whole network that is shipped: display grey levels in, logit, class activation map and embedding out.

Every scan is read twice, as it is and mirrored, and the two maps are averaged: a mirrored scan has the same answer and
the mirrored map, so no side can come from it.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from kit.backbone import FEATURES, EfficientNetLite0, fold_norms, imagenet_backbone
from kit.corruptions import to_grey
from kit.export import round_weights
from kit.resize import smooth, squeeze
from macular_oedema.normalise import BRIGHTEST, WORKING, normalise
from macular_oedema.table import SHAPE


class Answer(NamedTuple):
    """logits [N,1]; activation [N,1,4,8], whose mean + the bias is the logit; embedding [N,1280]."""

    logits: Tensor
    activation: Tensor
    embedding: Tensor


def see(image: Tensor) -> Tensor:
    """[N,1,H,W] grey levels -> what is left of them after normalisation, [N,1,128,256] of 0 to 1.5.

    Squeezed once, from the pixels that came: what a second resize adds depends on the size they came in.
    """
    return normalise(smooth(squeeze(image, WORKING)))


class Network(nn.Module):
    """[N,1,H,W] float32 grey levels 0..255 (0 = black, MONOCHROME2) -> Answer.

    The backbone is as ImageNet left it; what is trained is one linear layer.
    """

    def __init__(self, backbone: EfficientNetLite0) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = nn.Linear(FEATURES, 1)

    @torch.no_grad()
    def set_head(self, weights: Tensor, bias: float) -> None:
        """The linear layer: [1280] and its bias."""
        self.classifier.weight.copy_(weights[None])
        self.classifier.bias.fill_(bias)

    def prepare(self, image: Tensor) -> Tensor:
        """[N,1,H,W] grey levels -> [N,3,128,256] as the backbone expects, about -1..1."""
        seen = see(image) * (2 / BRIGHTEST) - 1
        return seen.expand(-1, 3, -1, -1)

    def middles(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """[N,1,H,W] grey levels -> the middle's features [N,112,8,16] of the scan, and of its mirror image."""
        seen = self.prepare(image)
        return self.backbone.middle(seen), self.backbone.middle(seen.flip(3))

    def answer(self, middles: tuple[Tensor, Tensor]) -> Answer:
        scan, mirrored = (self.backbone.last(middle) for middle in middles)
        features = (scan + mirrored.flip(3)) / 2
        embedding = features.mean(dim=(2, 3))
        activation = F.conv2d(features, self.classifier.weight[:, :, None, None])
        return Answer(self.classifier(embedding), activation, embedding)

    def forward(self, image: Tensor) -> Answer:
        return self.answer(self.middles(image))


@torch.no_grad()
def shown(images: NDArray[np.uint8], batch: int = 32) -> NDArray[np.uint8]:
    """[N,208,512] -> what is left of them after normalisation, as grey levels of that shape: 255 is the brightest."""
    parts = torch.from_numpy(images)[:, None].split(batch)
    left = [squeeze(see(part.float()), SHAPE) for part in parts]
    return to_grey(torch.cat(left)[:, 0].numpy() * (255 / BRIGHTEST))


def untrained() -> Network:
    """With ImageNet's weights, at the map's own stride."""
    return Network(imagenet_backbone(fine=False)).to(memory_format=torch.channels_last)


def load_network(path: Path) -> Network:
    """A trained network in evaluation mode."""
    network = Network(EfficientNetLite0(fine=False))
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval()


def folded(network: Network) -> Network:
    """A copy as it is shipped: without batch norms, every large tensor of it exact in float16."""
    network = copy.deepcopy(network).eval()
    fold_norms(network.backbone)
    round_weights(network)
    return network
