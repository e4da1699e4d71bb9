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
from procedures.models.intake import (
    Export,
    IntakeCorrection,
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
from procedures.models.reconciliation import DifferenceReason, FoundCode, Reconciliation

__all__ = [
    "AdjoiningOffice",
    "Attachment",
    "Bank",
    "CalendarDay",
    "Case",
    "Closure",
    "DifferenceReason",
    "Document",
    "Dossier",
    "DossierEvent",
    "DossierNumber",
    "Export",
    "Field",
    "FoundCode",
    "IntakeCorrection",
    "IntakeList",
    "IntakeRow",
    "IssuedDocument",
    "Office",
    "OfficeArea",
    "Original",
    "Parcel",
    "ParcelPaper",
    "ParcelStep",
    "PostalItem",
    "Procedure",
    "ProcedureVersion",
    "Reconciliation",
    "StaffMember",
    "State",
    "Step",
    "TimeLimit",
    "Transition",
    "VersionChange",
    "VersionRow",
]
