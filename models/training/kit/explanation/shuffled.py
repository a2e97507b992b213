"""A network that knows nothing, of the same make: what its map shows, the make alone shows."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


@torch.no_grad()
def shuffled(network: Network, seed: int = 0) -> Network:
    """A copy of the network with the values of every tensor in a random order."""
    generator = torch.Generator().manual_seed(seed)
    network = copy.deepcopy(network).eval()
    for weights in network.parameters():
        flat = weights.flatten()
        weights.copy_(flat[torch.randperm(flat.numel(), generator=generator)].view_as(weights))
    return network
