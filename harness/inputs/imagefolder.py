"""Images from any folder of class folders, as ImageNet and its small relatives are unpacked.

Every subfolder is a class, in the order of their names; the folder may be the one above ``train``. Files are
those with the usual endings, anywhere below the class folder. Images are decoded batch by batch by Pillow,
without augmentation: converted to RGB, bilinearly resized with antialiasing so that the shorter side has as
many pixels as the network's images, the centre cut out (``input.crop=true``; without it they have to be
square and of one size), normalised by ImageNet's mean and deviation. The network has as many outputs as there
are classes, and at least those of the label.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from harness.errors import DataError
from harness.inputs._pictures import Pictures, PictureSource, source

ENDINGS = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
HASHED = 2**32
"""Bytes of all files up to which their content makes the digest; beyond, their names and sizes do."""


class Files(Pictures):
    """Files of class folders."""

    def __init__(self, root: Path, classes: Sequence[tuple[str, Sequence[Path]]]) -> None:
        self._root = root
        self._paths = [path for _, paths in classes for path in paths]
        self.targets = np.repeat(np.arange(len(classes)), [len(paths) for _, paths in classes])

    def encoded(self, number: int) -> bytes:
        return self._paths[number].read_bytes()

    def name(self, number: int) -> str:
        return str(self._paths[number])

    def digest(self) -> str:
        sizes = [path.stat().st_size for path in self._paths]
        whole = sum(sizes) <= HASHED
        found = hashlib.sha256()
        for path, size in zip(self._paths, sizes, strict=True):
            name = path.relative_to(self._root).as_posix()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if whole else ""
            found.update(f"{name} {size} {content}\n".encode())
        return found.hexdigest()


def open(classes: int, image_size: int, folder: Path | None = None, crop: bool = False) -> PictureSource:
    """The images below ``folder``, at ``image_size`` pixels, for a network of at least ``classes`` outputs.

    Raises
    ------
    DataError
        Where no folder is given, or it holds no class folders or no images; for a class without one, an image
        that cannot be read, and, without ``crop``, images that are not square or of several sizes.
    """
    if folder is None:
        raise DataError(
            "Input 'imagefolder' needs a folder with a subfolder of images for every class; no folder was "
            "given: name it by input.folder=FOLDER."
        )
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise DataError(
            f"Folder {root} does not exist; input.folder names one with a subfolder for every class."
        )
    if (root / "train").is_dir():
        root = root / "train"
    try:
        found = [(place.name, sorted(_images(place))) for place in sorted(_subfolders(root))]
        _require_images(root, found)
        return source("imagefolder", Files(root, found), classes, image_size, crop)
    except OSError as error:
        raise DataError(f"Images cannot be read from {root}: {error}.") from error


def _subfolders(root: Path) -> Iterator[Path]:
    return (place for place in root.iterdir() if place.is_dir() and not place.name.startswith("."))


def _images(place: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(place):
        yield from (Path(folder) / name for name in names if name.lower().endswith(ENDINGS))


def _require_images(root: Path, found: Sequence[tuple[str, Sequence[Path]]]) -> None:
    endings = ", ".join(ENDINGS)
    if not any(paths for _, paths in found):
        raise DataError(
            f"Folder {root} holds no images: input 'imagefolder' reads those in a subfolder for every class, "
            f"with the endings {endings}."
        )
    empty = [name for name, paths in found if not paths]
    if empty:
        raise DataError(
            f"Class folder {root / empty[0]} holds no image with one of the endings {endings}; put some in, "
            "or take the folder away."
        )
