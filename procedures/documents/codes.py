"""Barcodes and QR codes as drawings."""

import functools
import re
from collections.abc import Sequence

from procedures.documents.text import Data, RenderError

# Bars of at least 0.25 mm, two dots of a 200 dpi scan, over the 87 mm of a label.
_MOST_MODULES = 328


def coded(dossier_code: str) -> Data:
    return {"dossier_code": dossier_code, "barcode": code128_svg(dossier_code)}


@functools.lru_cache(maxsize=64)
def code128_svg(code: str) -> str:
    """One receipt, form and label of a dossier carry the same bars, hence the cache."""
    from barcode.codex import Code128  # type: ignore[import-untyped]
    from barcode.errors import BarcodeError  # type: ignore[import-untyped]

    try:
        bars: str = Code128(code).build()[0]
    except (BarcodeError, LookupError) as error:
        raise RenderError(f"no barcode for {code!r}: {error}") from error
    if len(bars) > _MOST_MODULES:
        raise RenderError(f"no barcode for {code!r}: too long to be read from a label")
    return _svg([[bar == "1" for bar in bars]], quiet=(10, 0))


def qr_svg(url: str) -> str:
    import segno

    # Any mask is readable; choosing the best of eight would cost as much as half the page.
    try:
        code = segno.make(url, error="m", micro=False, mask=3)
    except ValueError as error:
        raise RenderError(f"no QR code for {url!r}: {error}") from error
    return _svg(code.matrix, quiet=(4, 4))


def _svg(rows: Sequence[Sequence[int | bool]], *, quiet: tuple[int, int]) -> str:
    """Dark modules as a single path, with the quiet zone around; far cheaper than a shape each."""
    across, down = quiet
    path = "".join(
        f"M{run.start() + across} {y + down}h{run.end() - run.start()}v1H{run.start() + across}z"
        for y, row in enumerate(rows)
        for run in re.finditer("1+", "".join("1" if dark else "0" for dark in row))
    )
    width, height = len(rows[0]) + 2 * across, len(rows) + 2 * down
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" preserveAspectRatio="none"><path d="{path}"/></svg>'
    )
