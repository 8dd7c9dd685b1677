"""Random rotations, scalings and shifts of a whole batch of images at once."""

import math
from functools import cache

import torch
from torch.nn import functional

from cnn.training.recipes import Augmentation


def random_affine(
    count: int, side: int, augmentation: Augmentation, generator: torch.Generator
) -> torch.Tensor:
    """Draw one affine map for each of `count` images of `side` pixels, all independently.

    Returns (count, 2, 3): from places on the new image to places on the old one, in
    `affine_grid`'s units, in which an image reaches from -1 to 1.
    """
    angle, zoom, *shifts = torch.rand(4, count, generator=generator) * 2 - 1
    angle = angle * math.radians(augmentation.rotation)
    scale = 1 + zoom * augmentation.scale
    cosine, sine = torch.cos(angle) / scale, torch.sin(angle) / scale
    right, down = (shift * augmentation.shift * 2 / side for shift in shifts)
    rows = [cosine, -sine, right, sine, cosine, down]
    return torch.stack(rows, dim=1).view(count, 2, 3)


def apply_affine(images: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """Return the square images (N, 1, S, S), each moved by its map, interpolated bilinearly.

    What comes in from outside is 0, the background of images that are not normalised yet.
    """
    side = images.shape[-1]
    # functional.affine_grid does the same by one product per image, five times as slowly.
    places = maps.reshape(-1, 3) @ _places(side, images.device)
    grid = places.view(-1, 2, side, side).permute(0, 2, 3, 1)
    return functional.grid_sample(images, grid, mode="bilinear", align_corners=False)


@cache
def _places(side: int, device: torch.device) -> torch.Tensor:
    """Return x, y and 1 of every pixel's middle, (3, side²), in `affine_grid`'s units."""
    middles = (torch.arange(side, device=device) * 2 + 1) / side - 1
    x, y = middles.expand(side, side), middles[:, None].expand(side, side)
    return torch.stack([x, y, torch.ones_like(x)]).view(3, -1)
