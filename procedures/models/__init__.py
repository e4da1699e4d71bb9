"""Catalogue rows and dossier rows: constraints, no flow."""

from procedures.models.catalogue import (
    Case,
    Document,
    Field,
    Procedure,
    ProcedureVersion,
    State,
    Step,
    TimeLimit,
    Transition,
    VersionChange,
    VersionRow,
)
from procedures.models.dossiers import (
    Attachment,
    Dossier,
    DossierEvent,
    DossierNumber,
    IssuedDocument,
    Original,
)
from procedures.models.figures import (
    CountedDossier,
    FiguresMark,
    MonthFigures,
)
from procedures.models.intake import (
    IntakeList,
    IntakeRow,
)
from procedures.models.offices import (
    AdjoiningOffice,
    Bank,
    CalendarDay,
    Closure,
    Office,
    OfficeArea,
    StaffMember,
)
from procedures.models.post import (
    Parcel,
    ParcelPaper,
    ParcelStep,
    PostalItem,
)

__all__ = [
    "AdjoiningOffice",
    "Attachment",
    "Bank",
    "CalendarDay",
    "Case",
    "Closure",
    "CountedDossier",
    "Document",
    "Dossier",
    "DossierEvent",
    "DossierNumber",
    "Field",
    "FiguresMark",
    "IntakeList",
    "IntakeRow",
    "IssuedDocument",
    "MonthFigures",
    "Office",
    "OfficeArea",
    "Original",
    "Parcel",
    "ParcelPaper",
    "ParcelStep",
    "PostalItem",
    "Procedure",
    "ProcedureVersion",
    "StaffMember",
    "State",
    "Step",
    "TimeLimit",
    "Transition",
    "VersionChange",
    "VersionRow",
]
