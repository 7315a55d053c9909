"""Photographs that come with scikit-learn and scikit-image, and image files of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from harness.errors import ConfigError, DataError, unknown_name

SMALLEST, LARGEST = 16, 512
"""Pixels of a side; every fit keeps its image."""

CREDITS: Mapping[str, str] = {
    "china": "a photograph of a Chinese temple (china.jpg) from scikit-learn, CC BY 2.0, by danielbuechele, "
    "https://www.flickr.com/photos/danielbuechele/6061409035/",
    "flower": "a photograph of a flower (flower.jpg) from scikit-learn, CC BY 2.0, by danielbuechele as its "
    "notes say, "
    "https://www.flickr.com/photos/vultilion/6056698931/",
    "astronaut": "a portrait of Eileen Collins from scikit-image, public domain, by NASA",
    "chelsea": "a photograph of a cat from scikit-image, CC0, by Stefan van der Walt",
    "coffee": "a photograph of a cup of coffee from scikit-image, CC0, by Rachel Michetti",
}
"""By name where a photograph comes from, its licence and its author."""

_SCIKIT_LEARN = ("china", "flower")


def names() -> tuple[str, ...]:
    """The photographs that need no file."""
    return tuple(CREDITS)


def called(name: str) -> str:
    """What records call an image: a photograph by its name, and ``file NAME`` without its folder."""
    return name if name in CREDITS else f"file {Path(name).name}"


def credit(called: str) -> str:
    """Where the image comes from that is called so: that of :data:`CREDITS`, or that it is a file."""
    return CREDITS.get(called, f"the image {called}")


def require_photograph(name: str) -> None:
    """Make sure that ``name`` is a photograph or the path of an image file.

    Raises
    ------
    UnknownNameError
        For what is neither.
    ConfigError
        For a folder.
    """
    if name in CREDITS or Path(name).is_file():
        return
    if Path(name).is_dir():
        raise ConfigError(
            f"truth.image is one image, and {name} is a folder: name a file in it, or one of "
            f"{', '.join(CREDITS)}."
        )
    if Path(name).name != name or Path(name).suffix:
        raise ConfigError(f"truth.image={name} is no file; name one, or one of {', '.join(CREDITS)}.")
    raise unknown_name("truth.image", name, CREDITS)


def photograph(name: str, side: int) -> np.ndarray:
    """The centre square of a photograph, resized to ``side`` pixels by Lanczos' filter.

    Returns
    -------
    np.ndarray
        (side, side, 3), float64 in [0, 1], of whole 255ths.

    Raises
    ------
    ConfigError, UnknownNameError
        As :func:`require_photograph`, and for an image that is smaller than ``side``, or a ``side`` that is
        no multiple of 4 from 16 to 512.
    DataError
        For a file that cannot be read as an image.
    """
    from PIL import Image

    require_photograph(name)
    if not SMALLEST <= side <= LARGEST or side % 4:
        raise ConfigError(
            f"truth.image_size must be a multiple of 4 from {SMALLEST} to {LARGEST}; received {side}."
        )
    image = _image(name)
    width, height = image.size
    square = min(width, height)
    if square < side:
        raise ConfigError(
            f"truth.image={name} has {width} x {height} pixels; take truth.image_size={square // 4 * 4} or "
            f"less, or a larger image; received {side}."
        )
    left, top = (width - square) // 2, (height - square) // 2
    centre = image.crop((left, top, left + square, top + square))
    return np.asarray(centre.resize((side, side), Image.Resampling.LANCZOS), np.float64) / 255


def _image(name: str):  # type: ignore[no-untyped-def]  # Pillow's module is loaded where it is needed
    from PIL import Image

    if name in _SCIKIT_LEARN:
        from sklearn.datasets import load_sample_image

        return Image.fromarray(load_sample_image(f"{name}.jpg"))
    if name in CREDITS:
        from skimage import data

        return Image.fromarray(getattr(data, name)())
    try:
        with Image.open(name) as image:
            return image.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{name} cannot be read as an image ({error}); name another file.") from error
