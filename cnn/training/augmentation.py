"""Random affine maps of the training images: rotation, scale and shift."""

import math
from functools import cache

import torch
from torch.nn import functional

from cnn.training.recipes import Augmentation


def random_affine(
    count: int, height: int, width: int, augmentation: Augmentation, generator: torch.Generator
) -> torch.Tensor:
    """Draw an affine map for each of `count` images of height × width pixels, independently.

    Returns (count, 2, 3): from positions on the new image to positions on the old one, in
    `affine_grid`'s units, in which an image extends from -1 to 1 along each axis.
    """
    angle, zoom, *shifts = torch.rand(4, count, generator=generator) * 2 - 1
    angle = angle * math.radians(augmentation.rotation)
    scale = 1 + zoom * augmentation.scale
    cosine, sine = torch.cos(angle) / scale, torch.sin(angle) / scale
    sides = zip(shifts, (width, height), strict=True)
    right, down = (shift * augmentation.shift * 2 / side for shift, side in sides)
    tall = height / width  # a unit down is as many units across
    rows = [cosine, -sine * tall, right, sine / tall, cosine, down]
    return torch.stack(rows, dim=1).view(count, 2, 3)


def apply_affine(images: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """Return the images (N, C, H, W), each transformed by its map, with bilinear sampling.

    Pixels from outside the image are 0, the background of images not yet normalised.
    """
    height, width = images.shape[-2:]
    # functional.affine_grid does the same with one product per image and is five times as slow.
    positions = maps.reshape(-1, 3) @ _pixel_centres(height, width, images.device)
    grid = positions.view(-1, 2, height, width).permute(0, 2, 3, 1)
    return functional.grid_sample(images, grid, mode="bilinear", align_corners=False)


@cache
def _pixel_centres(height: int, width: int, device: torch.device) -> torch.Tensor:
    """Return x, y and 1 of every pixel's centre, (3, height · width), in `affine_grid`'s units."""
    across, down = (
        (torch.arange(side, device=device) * 2 + 1) / side - 1 for side in (width, height)
    )
    x, y = across.expand(height, width), down[:, None].expand(height, width)
    return torch.stack([x, y, torch.ones_like(x)]).view(3, -1)
