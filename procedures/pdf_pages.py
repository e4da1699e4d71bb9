"""A program of its own that draws one page of a PDF: the file comes from a stranger.

It gets the bytes on standard input, no environment and little memory and time, and knows nothing of the
portal: what goes wrong in the parser takes this process along and nothing else.

    python -I pdf_pages.py PAGE WIDTH HEIGHT TURN    (page from 1, 0 draws none; turn in degrees)

On standard output: a line of JSON ({"pages": n} or {"refused": "encrypted" | "broken" | "absent"}),
then the page as JPEG, no larger than WIDTH times HEIGHT.
"""

import io
import json
import resource
import sys
from typing import Any

MEMORY = 1536 * 1024 * 1024
SECONDS = 10
_ENCRYPTED = ("password", "security")


def main() -> None:
    page, width, height, turn = (int(given) for given in sys.argv[1:5])
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    head, picture = answer(sys.stdin.buffer.read(), page, (width, height), turn)
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + picture)


def answer(data: bytes, page: int, box: tuple[int, int], turn: int) -> tuple[dict[str, Any], bytes]:
    import pypdfium2  # type: ignore[import-untyped]  # after the limits

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = any(word in str(error).lower() for word in _ENCRYPTED)
        return {"refused": "encrypted" if locked else "broken"}, b""
    pages = len(document)
    if not 0 <= page <= pages or not pages:
        return {"refused": "absent" if pages else "broken"}, b""
    try:
        return {"pages": pages}, _jpeg(document[page - 1], box, turn) if page else b""
    except (pypdfium2.PdfiumError, ValueError, OSError, MemoryError):
        return {"refused": "broken", "pages": pages}, b""


def _jpeg(page: Any, box: tuple[int, int], turn: int) -> bytes:
    """The page within ``box``, whatever size it claims: a page may be kilometres long."""
    width, height = page.get_size()
    if turn % 180:
        width, height = height, width
    scale = min(box[0] / max(width, 1), box[1] / max(height, 1))
    image = page.render(scale=scale, rotation=turn).to_pil().convert("RGB")
    image.thumbnail(box)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()


if __name__ == "__main__":
    main()
