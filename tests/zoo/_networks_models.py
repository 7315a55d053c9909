"""The architectures people know, small."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.zoo._parts import CLASSES, block, classifier, conv, module


def vgg() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        x = self.features(x)
        return self.classifier(x.view(x.size(0), -1))

    features = nn.Sequential(
        conv(3, 4), nn.ReLU(inplace=True), conv(4, 4), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        conv(4, 8), nn.ReLU(inplace=True), nn.MaxPool2d(2),
    )  # fmt: skip
    top = nn.Sequential(nn.Linear(32, 12), nn.ReLU(True), nn.Linear(12, CLASSES))
    return module(forward, features=features, classifier=top)


def basic(inputs: int, outputs: int, stride: int) -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)

    return module(
        forward,
        conv1=conv(inputs, outputs, stride=stride, bias=False),
        bn1=nn.BatchNorm2d(outputs),
        relu=nn.ReLU(inplace=True),
        conv2=conv(outputs, outputs, bias=False),
        bn2=nn.BatchNorm2d(outputs),
        downsample=shortcut(inputs, outputs, stride),
    )


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module | None:
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(conv(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))


def bottleneck(inputs: int, inner: int, outputs: int, stride: int) -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)

    return module(
        forward,
        conv1=conv(inputs, inner, 1, bias=False),
        bn1=nn.BatchNorm2d(inner),
        conv2=conv(inner, inner, stride=stride, bias=False),
        bn2=nn.BatchNorm2d(inner),
        conv3=conv(inner, outputs, 1, bias=False),
        bn3=nn.BatchNorm2d(outputs),
        relu=nn.ReLU(inplace=True),
        downsample=shortcut(inputs, outputs, stride),
    )


def resnet(*stages: nn.Module, width: int) -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in self.stages:
            x = stage(x)
        return self.fc(torch.flatten(self.avgpool(x), 1))

    return module(
        forward,
        conv1=conv(3, 4, bias=False),
        bn1=nn.BatchNorm2d(4),
        relu=nn.ReLU(inplace=True),
        maxpool=nn.MaxPool2d(3, 1, 1),
        stages=nn.ModuleList(stages),
        avgpool=nn.AdaptiveAvgPool2d((1, 1)),
        fc=nn.Linear(width, CLASSES),
    )


def inverted(inputs: int, outputs: int, stride: int) -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.shortcut else self.conv(x)

    wide = 2 * inputs
    layers = nn.Sequential(
        conv(inputs, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(inplace=True),
        conv(wide, wide, stride=stride, groups=wide, bias=False), nn.BatchNorm2d(wide),
        nn.ReLU6(inplace=True), conv(wide, outputs, 1, bias=False), nn.BatchNorm2d(outputs),
    )  # fmt: skip
    return module(forward, conv=layers, shortcut=stride == 1 and inputs == outputs)


def bounded(inputs: int, outputs: int, kernel: int = 3) -> nn.Module:
    return nn.Sequential(
        conv(inputs, outputs, kernel, bias=False), nn.BatchNorm2d(outputs), nn.ReLU6(inplace=True)
    )


def mobilenet() -> nn.Module:
    return nn.Sequential(bounded(3, 4), inverted(4, 4, 1), inverted(4, 6, 2), bounded(6, 8, 1), classifier(8))


def shuffle_unit() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        kept, changed = x.chunk(2, dim=1)
        x = torch.cat((kept, self.branch(changed)), dim=1)
        batch, channels, height, width = x.size()
        x = x.view(batch, 2, channels // 2, height, width)
        return torch.transpose(x, 1, 2).contiguous().view(batch, channels, height, width)

    branch = nn.Sequential(block(4, 4, 1), conv(4, 4, groups=4), nn.BatchNorm2d(4), block(4, 4, 1))
    return module(forward, branch=branch)


def densenet() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        features = [self.stem(x)]
        for layer in self.layers:
            features.append(layer(torch.cat(features, 1)))
        return self.head(F.relu(self.norm(torch.cat(features, 1)), inplace=True))

    layers = nn.ModuleList(
        nn.Sequential(nn.BatchNorm2d(w), nn.ReLU(inplace=True), conv(w, 3, bias=False)) for w in (4, 7, 10)
    )
    return module(forward, stem=conv(3, 4), layers=layers, norm=nn.BatchNorm2d(13), head=classifier(13))


def inception() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)

    branches = nn.ModuleList(
        [
            block(4, 2, 1),
            nn.Sequential(block(4, 3, 1), block(3, 3)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), block(4, 2, 1)),
        ]
    )
    return nn.Sequential(block(3, 4), module(forward, branches=branches), classifier(7))


def squeezenet() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(F.relu(self.stem(x))))
        x = torch.cat([F.relu(self.left(x)), F.relu(self.right(x))], 1)
        return self.classifier(x).mean([2, 3])

    return module(
        forward,
        stem=conv(3, 6),
        squeeze=conv(6, 2, 1),
        left=conv(2, 3, 1),
        right=conv(2, 3),
        classifier=conv(6, CLASSES, 1),
    )


def convnext_block(width: int) -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        inner = self.depthwise(x).permute(0, 2, 3, 1)
        inner = self.shrink(F.gelu(self.widen(self.norm(inner))))
        return x + (self.gamma * inner).permute(0, 3, 1, 2)

    return module(
        forward,
        depthwise=conv(width, width, 7, groups=width),
        norm=nn.LayerNorm(width, eps=1e-6),
        widen=nn.Linear(width, 2 * width),
        shrink=nn.Linear(2 * width, width),
        gamma=nn.Parameter(torch.full((width,), 0.5)),
    )


def unet() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        first = self.down1(x)
        second = self.down2(F.max_pool2d(first, 2))
        x = F.interpolate(self.bottom(F.max_pool2d(second, 2)), scale_factor=2, mode="nearest")
        x = self.up2(torch.cat([x, second], 1))
        x = F.interpolate(x, size=first.shape[2:], mode="bilinear", align_corners=False)
        return self.fc(self.up1(torch.cat([x, first], 1)).mean([2, 3]))

    return module(
        forward,
        down1=block(3, 4),
        down2=block(4, 4),
        bottom=block(4, 4),
        up2=block(8, 4),
        up1=block(8, 4),
        fc=nn.Linear(4, CLASSES),
    )


def rnn() -> nn.Module:
    """A recurrent layer reads the rows of pixels."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        states, _ = self.rnn(x.permute(0, 2, 1, 3).flatten(2))
        return self.fc(F.relu(states[:, -1]))

    return module(forward, rnn=nn.GRU(24, 8, batch_first=True), fc=nn.Linear(8, CLASSES))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "VGG": vgg,
    "ResNet, basic blocks": lambda: resnet(basic(4, 4, 1), basic(4, 8, 2), width=8),
    "ResNet, bottlenecks": lambda: resnet(bottleneck(4, 2, 8, 1), bottleneck(8, 2, 8, 2), width=8),
    "MobileNetV2": mobilenet,
    "ShuffleNet": lambda: nn.Sequential(block(3, 8), shuffle_unit(), shuffle_unit(), classifier(8)),
    "channel shuffle": lambda: nn.Sequential(
        block(3, 8), nn.ChannelShuffle(4), block(8, 8, groups=4), classifier(8)
    ),
    "DenseNet": densenet,
    "Inception": inception,
    "SqueezeNet": squeezenet,
    "ConvNeXt": lambda: nn.Sequential(
        conv(3, 6, 2, stride=2, padding=0), convnext_block(6), convnext_block(6), classifier(6)
    ),
    "U-Net": unet,
    "pixel shuffle": lambda: nn.Sequential(
        block(3, 8), nn.PixelShuffle(2), block(2, 4), nn.PixelUnshuffle(2), block(16, 6), classifier()
    ),
    "upsampling": lambda: nn.Sequential(block(3, 4), nn.Upsample(scale_factor=2), block(4, 6), classifier()),
    "recurrent": rnn,
}
