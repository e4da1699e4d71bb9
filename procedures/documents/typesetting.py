"""The typesetter: one Typst compiler a process."""

import functools
import os
import threading
from importlib.resources import files
from pathlib import Path

import msgspec
import typst

from procedures.documents.text import Data, RenderError

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates" / "pdf"

_lock = threading.Lock()


@functools.cache
def _compiler() -> tuple[typst.Compiler, int]:
    """The compiler of this process, made on first use (fonts are read once), and the process id."""
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(files("fontpkg_be_vietnam_pro") / "files")],
    )
    return typst.Compiler(root=TEMPLATES, font_paths=fonts, ignore_system_fonts=True), os.getpid()


def compiled(template: str, data: Data, *, timestamp: int) -> bytes:
    compiler, process = _compiler()
    if process != os.getpid():
        # The typesetter's threads do not survive a fork; it would wait for them for ever.
        raise RenderError("this process was forked from one that had already made a document")
    try:
        # A compiler refuses a second caller while it works.
        with _lock:
            pdf = compiler.compile(
                input=TEMPLATES / template,
                format="pdf",
                sys_inputs={"data": msgspec.json.encode(data).decode()},
                # Readable for decades (PDF/A) and by a screen reader (PDF/UA).
                pdf_standards=["a-2a", "ua-1"],
                timestamp=timestamp,
            )
    except (typst.TypstError, RuntimeError, OSError) as error:
        raise RenderError(f"{template}: {' '.join(str(error).split())}") from error
    if not isinstance(pdf, bytes):
        raise RenderError(f"{template}: the typesetter returned no document")
    return pdf
