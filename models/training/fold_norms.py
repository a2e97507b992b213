"""A trained network as it is shipped: batch norms folded into the convolutions, weights rounded to float16.

Rounding here, before anything is measured, makes the half-size file hold exactly the network that was measured.
"""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from backbone import InvertedResidual
from network import Network

ROUNDED = 1024  # weights; smaller tensors keep float32

_PAIRS = {"_conv_stem": "_bn0", "_conv_head": "_bn1"}
_BLOCK_PAIRS = {"_expand_conv": "_bn0", "_depthwise_conv": "_bn1", "_project_conv": "_bn2"}


def _fold(module: nn.Module, pairs: dict[str, str]) -> None:
    for convolution, norm in pairs.items():
        if hasattr(module, convolution):
            setattr(module, convolution, fuse_conv_bn_eval(getattr(module, convolution), getattr(module, norm)))
            setattr(module, norm, nn.Identity())


@torch.no_grad()
def folded(network: Network) -> Network:
    """A copy in evaluation mode without batch norms, every large tensor of it exact in float16."""
    network = copy.deepcopy(network).eval()
    _fold(network.backbone, _PAIRS)
    for block in network.backbone._blocks:
        assert isinstance(block, InvertedResidual)
        _fold(block, _BLOCK_PAIRS)
    for parameter in network.parameters():
        if parameter.numel() >= ROUNDED:
            parameter.copy_(parameter.half().float())
    return network
