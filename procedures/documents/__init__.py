"""The PDFs that leave the portal: receipts, letters, official forms and postal labels.

Data in, bytes out: nothing here reads the database, the clock or the settings. A content type says
what stands on the paper (``contents``); ``render`` sets it with a Typst template (``sheets``).

Text typed by citizens is handed over as JSON and printed as text, so no character of it has a
meaning for the typesetter. Characters that the font lacks become ``?``; a missing value is printed
as a dotted blank, as on the paper forms. Times are printed in Vietnam's time zone.
"""

from datetime import datetime

from procedures.documents.calculation import Calculation, CalculationStep
from procedures.documents.contents import (
    Apology,
    CardSlip,
    Content,
    ControlSheet,
    DossierDocument,
    FilerLetter,
    HandOver,
    HandoverSheet,
    Letter,
    Receipt,
    RefusalLetter,
    ReplacedReceipt,
    SupplementRequest,
    TrackingBook,
)
from procedures.documents.form_contents import Choice, Item, ListForm, OfficialForm, Section, Signature, Table
from procedures.documents.money import CashPaper, ContributionReceipt, PaidPerson
from procedures.documents.postal_contents import (
    BatchLabels,
    Enclosure,
    LabelSheet,
    Manifest,
    PostalParty,
    PostedForm,
    PostingLabel,
    ReturnLabel,
)
from procedures.documents.text import TIME_ZONE, RenderError, local

__all__ = [
    "TIME_ZONE",
    "Apology",
    "BatchLabels",
    "Calculation",
    "CalculationStep",
    "CardSlip",
    "CashPaper",
    "Choice",
    "Content",
    "ContributionReceipt",
    "ControlSheet",
    "DossierDocument",
    "Enclosure",
    "FilerLetter",
    "HandOver",
    "HandoverSheet",
    "Item",
    "LabelSheet",
    "Letter",
    "ListForm",
    "Manifest",
    "OfficialForm",
    "PaidPerson",
    "PostalParty",
    "PostedForm",
    "PostingLabel",
    "Receipt",
    "RefusalLetter",
    "RenderError",
    "ReplacedReceipt",
    "ReturnLabel",
    "Section",
    "Signature",
    "SupplementRequest",
    "Table",
    "TrackingBook",
    "render",
]


def render(content: Content | ContributionReceipt | CashPaper, *, made_at: datetime) -> bytes:
    """The PDF of ``content``: tagged, fonts embedded, PDF/A-2a and PDF/UA-1.

    The same content and ``made_at`` (aware) give the same bytes. Raises ``RenderError``.
    """
    from procedures.documents.sheets import sheet
    from procedures.documents.typesetting import compiled

    template, data = sheet(content)
    return compiled(template, data, timestamp=int(local(made_at).timestamp()))
