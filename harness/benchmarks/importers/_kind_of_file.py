"""What a source is that is not the release's file or folder: told before anything of it is read."""

from __future__ import annotations

from pathlib import Path

from harness.errors import DataError

HEAD = 512

KINDS = (
    (0, b"<!doctype html", "a web page", "fetch the file itself, such as with its direct link"),
    (0, b"<html", "a web page", "fetch the file itself, such as with its direct link"),
    (0, b"version https://git-lfs", "a pointer of Git LFS", "run `git lfs pull` where it comes from"),
    (257, b"ustar", "a tar archive", "unpack it with `tar xf` and name what was in it"),
)
"""Where in a file which bytes stand, what it then is, and what to do."""


def expect_file(path: Path, what: str) -> None:
    """Make sure that ``path`` is a file, and none of :data:`KINDS`; that it is there is checked elsewhere.

    Raises
    ------
    DataError
        Otherwise.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; name the file in it: {what}.")
    _refuse_other_kinds(path, what)


def expect_folder(path: Path, what: str) -> None:
    """Make sure that ``path`` is a folder.

    Raises
    ------
    DataError
        Otherwise.
    """
    if path.is_file():
        _refuse_other_kinds(path, what)
        raise DataError(f"{path} is a file; name the folder: {what}.")
    if not path.is_dir():
        raise DataError(f"There is no folder {path}; name the place where the release lies: {what}.")


def _refuse_other_kinds(path: Path, what: str) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return
    for place, mark, kind, then in KINDS:
        text = head.lstrip().lower() if place == 0 else head
        if text[place : place + len(mark)] == mark:
            raise DataError(f"{path} is {kind}, not {what}: {then}.")
    if path.is_file() and not head:
        raise DataError(f"{path} is empty, not {what}: fetch it again.")
