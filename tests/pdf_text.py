"""What a PDF says, as somebody who reads it."""

import io

from pypdf import PdfReader


def of(data: bytes) -> str:
    """The words of all pages, with single blanks between them."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())
