"""Images from class folders and from parquet files of dataset hubs, right and wrong ones."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from harness import inputs
from harness.errors import ConfigError, DataError
from harness.inputs import _pictures, hub_parquet, imagefolder
from tests.unit.inputs.conftest import FOLDERS, LABELS, PIXELS, encode

NAMES = sorted(FOLDERS)
SIDE = 8


def picture(width: int = SIDE, height: int = SIDE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (3, height, width), dtype=np.uint8)


def write(folder: Path, images: dict[str, np.ndarray]) -> Path:
    for name, pixels in images.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encode(pixels))
    return folder


def normalised(pixels: np.ndarray) -> torch.Tensor:
    mean, deviation = (
        torch.tensor(each).double().view(3, 1, 1) for each in (_pictures.MEAN, _pictures.DEVIATION)
    )
    return ((torch.tensor(pixels).double() / 255 - mean) / deviation).float()


@pytest.mark.parametrize("name", NAMES)
def test_images_and_labels_are_the_files(name: str, folder_of: Callable[[str], Path]) -> None:
    source = inputs.opened(name, 10, 32, str(folder_of(name)))
    order = np.argsort(LABELS, kind="stable") if name == "imagefolder" else np.arange(len(LABELS))
    batch = source.read(np.arange(len(LABELS)))
    assert batch.targets.tolist() == LABELS[order].tolist()
    torch.testing.assert_close(batch.images, torch.stack([normalised(PIXELS[row]) for row in order]))
    assert [inputs.opened(name, each, 32, str(folder_of(name))).classes for each in (2, 120)] == [10, 120]


def test_the_shorter_side_is_resized_and_the_centre_cut_out(tmp_path: Path) -> None:
    wide, high = picture(96, 48), picture(30, 90, 1)
    folder = write(tmp_path, {"a/wide.png": wide, "b/high.png": high})
    found = inputs.opened("imagefolder", 2, 48, str(folder), crop=True).read(np.arange(2)).images
    torch.testing.assert_close(found[0], normalised(wide[:, :, 24:72]))
    resized = Image.fromarray(high.transpose(1, 2, 0)).resize((48, 144), Image.Resampling.BILINEAR)
    torch.testing.assert_close(found[1], normalised(np.array(resized).transpose(2, 0, 1)[:, 48:96]))


def test_cropping_is_another_input(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a/1.png": picture(40, 40), "b/1.png": picture(40, 40, 1)})
    sources = [inputs.opened("imagefolder", 2, 32, str(folder), crop) for crop in (False, True)]
    assert len({source.digest for source in sources}) == 2
    assert torch.equal(*(source.read(np.arange(2)).images for source in sources))


def test_a_train_folder_is_taken_and_other_files_are_not(tmp_path: Path) -> None:
    names = ("a/1.png", "a/deep/2.png", "b/3.PNG")
    write(tmp_path / "train", {name: picture() for name in names})
    (tmp_path / "train" / "a" / "notes.txt").write_text("no image")
    (tmp_path / "val").mkdir()
    source = inputs.opened("imagefolder", 2, SIDE, str(tmp_path))
    assert source.read(np.arange(3)).targets.tolist() == [0, 0, 1]


@pytest.mark.parametrize("change", ["content", "name"])
@pytest.mark.parametrize("hashed", [True, False])
def test_the_digest_tells_other_files_apart(
    change: str, hashed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hashed:
        monkeypatch.setattr(imagefolder, "HASHED", 0)
    folder = write(tmp_path, {"a/1.png": picture(), "b/1.png": picture()})
    before = inputs.opened("imagefolder", 2, SIDE, str(folder)).digest
    path = folder / "a" / "1.png"
    if change == "name":
        path.rename(path.with_name("2.png"))
    else:
        path.write_bytes(encode(picture(seed=5)) + b" ")
    assert inputs.opened("imagefolder", 2, SIDE, str(folder)).digest != before


# --- bad input -------------------------------------------------------------------------------------------


def refused(name: str, folder: Path | None, crop: bool = False) -> str:
    def opened_and_read() -> None:
        source = inputs.opened(name, 2, SIDE, None if folder is None else str(folder), crop)
        source.read(np.arange(source.largest_batch))

    with pytest.raises(DataError) as caught:
        opened_and_read()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_no_folder_and_a_missing_one(name: str, tmp_path: Path) -> None:
    assert "no folder was given: name it by input.folder=FOLDER." in refused(name, None)
    assert f"Folder {tmp_path / 'none'} does not exist" in refused(name, tmp_path / "none")


def test_a_folder_without_images(tmp_path: Path) -> None:
    assert f"Folder {tmp_path} holds no images" in refused("imagefolder", tmp_path)
    (tmp_path / "1.png").write_bytes(encode(picture()))
    (tmp_path / "empty").mkdir()
    assert "reads those in a subfolder for every class" in refused("imagefolder", tmp_path)
    write(tmp_path, {"full/1.png": picture()})
    assert f"Class folder {tmp_path / 'empty'} holds no image" in refused("imagefolder", tmp_path)
    assert f"Folder {tmp_path} holds no parquet files" in refused("hub_parquet", tmp_path)


def test_images_of_mixed_sizes_are_told_with_what_to_do(tmp_path: Path) -> None:
    sizes = {"a/1.png": (8, 8), "a/2.png": (8, 8), "b/1.png": (9, 9), "b/2.png": (7, 9)}
    folder = write(tmp_path, {name: picture(*size) for name, size in sizes.items()})
    told = refused("imagefolder", folder)
    assert f"square images of one size; received 8 x 8 ({folder / 'a/1.png'}) and 9 x 9" in told
    assert "and 1 more. With input.crop=true the shorter side is resized and the centre cut out" in told
    assert inputs.opened("imagefolder", 2, SIDE, str(folder), crop=True).largest_batch == 4


def test_images_that_are_not_square_are_told(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a/1.png": picture(8, 6), "b/1.png": picture(8, 6)})
    assert "received 8 x 6" in refused("imagefolder", folder)


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize("left", [0, 4, 2000], ids=["empty", "no image", "cut off"])
def test_an_unreadable_image_is_named(left: int, crop: bool, tmp_path: Path) -> None:
    folder = write(tmp_path, {"a/1.png": picture(64, 64), "b/1.png": picture(64, 64)})
    path = folder / "b" / "1.png"
    path.write_bytes(path.read_bytes()[:left])
    assert refused("imagefolder", folder, crop).startswith(f"{path} cannot be read as an image: ")


def test_a_picture_that_would_unpack_to_gigabytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pictures, "LARGEST", 63)
    folder = write(tmp_path, {"a/1.png": picture()})
    assert "it has 8 x 8 pixels, more than 63" in refused("imagefolder", folder)


IMAGES = [{"bytes": encode(picture()), "path": None}] * 2
NUMBERS = "labels of .* must be whole numbers from 0 on"
TABLES = {
    "no image": (
        {"picture": IMAGES, "label": [0, 1]},
        "needs a column img or image .* received the columns picture, label",
    ),
    "no label": ({"img": IMAGES, "target": [0, 1]}, "and a column label; received the columns img, target"),
    "no bytes": ({"img": [1, 2], "label": [0, 1]}, "cannot be read as images in parquet"),
    "text": ({"img": IMAGES, "label": ["cat", "dog"]}, NUMBERS),
    "negative": ({"img": IMAGES, "label": [0, -1]}, NUMBERS),
    "missing label": ({"img": IMAGES, "label": [0, None]}, NUMBERS),
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_another_shape_is_told(table: str, tmp_path: Path) -> None:
    columns, sentence = TABLES[table]
    pq.write_table(pa.table(columns), tmp_path / "train.parquet")
    with pytest.raises(DataError, match=sentence):
        inputs.opened("hub_parquet", 2, SIDE, str(tmp_path))


def test_files_that_are_no_parquet_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    assert "cannot be read as images in parquet" in refused("hub_parquet", tmp_path)
    monkeypatch.setattr(hub_parquet, "LARGEST", 3)
    assert "have 4 bytes, and input 'hub_parquet' reads no more than 3" in refused("hub_parquet", tmp_path)


def test_any_parquet_files_are_read_where_none_is_of_training(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for number in range(2):
        images = [{"bytes": encode(picture(seed=number))}] * 3
        part = pa.table({"image": images, "label": [number] * 3})
        pq.write_table(part, tmp_path / "data" / f"part-{number}.parquet")
    source = inputs.opened("hub_parquet", 2, SIDE, str(tmp_path))
    assert source.read(np.arange(6)).targets.tolist() == [0] * 3 + [1] * 3


def test_crop_is_refused_where_nothing_is_cut() -> None:
    with pytest.raises(ConfigError, match="Input 'noise' cuts no images to size"):
        inputs.opened("noise", 10, 32, crop=True)


def test_jpeg_and_grey_images_are_read(tmp_path: Path) -> None:
    target = io.BytesIO()
    Image.fromarray(np.full((SIDE, SIDE), 51, dtype=np.uint8)).save(target, "JPEG")
    for label in "ab":
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.jpg").write_bytes(target.getvalue())
    image = inputs.opened("imagefolder", 2, SIDE, str(tmp_path)).read(np.arange(1)).images[0]
    assert torch.allclose(image, normalised(np.full((3, SIDE, SIDE), 51, dtype=np.uint8)), atol=0.03)
