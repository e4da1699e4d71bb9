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
    WaitingDossier,
)
from procedures.models.handover import HandoverList, HandoverRow, ParcelPhoto
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
    "Document",
    "Dossier",
    "DossierEvent",
    "DossierNumber",
    "Field",
    "HandoverList",
    "HandoverRow",
    "IntakeList",
    "IntakeRow",
    "IssuedDocument",
    "Office",
    "OfficeArea",
    "Original",
    "Parcel",
    "ParcelPaper",
    "ParcelPhoto",
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
    "WaitingDossier",
]
