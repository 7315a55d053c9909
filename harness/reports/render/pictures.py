"""Images of records as the page shows them."""

from __future__ import annotations

import base64
import io

from harness.errors import ResultsError
from harness.reports.model import Picture


def data_address(picture: Picture) -> str:
    """``data:image/png;base64,...``, so that the page holds its images.

    Raises
    ------
    ResultsError
        Where the record's bytes are not those of an image of its size.
    """
    from PIL import Image

    told = picture.pixels
    try:
        size = (int(told["width"]), int(told["height"]))
        image = Image.frombytes("RGB", size, base64.b64decode(told["rgb"], validate=True))
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(
            f"A record holds no image where it says {picture.title!r} ({error}); run it again."
        ) from error
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
