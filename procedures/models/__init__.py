"""Catalogue rows and dossier rows: constraints, no flow."""

from procedures.models.areas import AreaChange, AreaOutcome
from procedures.models.assignment import AssignmentRule
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
from procedures.models.desk import (
    Mention,
    Note,
    Presence,
    SupplementText,
    TakeOver,
)
from procedures.models.dispatch import (
    DeliveryFile,
    DeliveryRow,
    DispatchBatch,
    DispatchLabels,
    DispatchManifest,
    PostOffice,
    Shipment,
    ShipmentStep,
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
from procedures.models.figures import (
    CountedDossier,
    FiguresMark,
    MonthFigures,
)
from procedures.models.handover import HandoverList, HandoverRow, ParcelPhoto
from procedures.models.hours import Counter, OfficeHours
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
    "AreaChange",
    "AreaOutcome",
    "AssignmentRule",
    "Attachment",
    "Bank",
    "CalendarDay",
    "Case",
    "Closure",
    "CountedDossier",
    "Counter",
    "DeliveryFile",
    "DeliveryRow",
    "DispatchBatch",
    "DispatchLabels",
    "DispatchManifest",
    "Document",
    "Dossier",
    "DossierEvent",
    "DossierNumber",
    "Field",
    "FiguresMark",
    "HandoverList",
    "HandoverRow",
    "IntakeList",
    "IntakeRow",
    "IssuedDocument",
    "Mention",
    "MonthFigures",
    "Note",
    "Office",
    "OfficeArea",
    "OfficeHours",
    "Original",
    "Parcel",
    "ParcelPaper",
    "ParcelPhoto",
    "ParcelStep",
    "PostOffice",
    "PostalItem",
    "Presence",
    "Procedure",
    "ProcedureVersion",
    "Shipment",
    "ShipmentStep",
    "StaffMember",
    "State",
    "Step",
    "SupplementText",
    "TakeOver",
    "TimeLimit",
    "Transition",
    "VersionChange",
    "VersionRow",
    "WaitingDossier",
]
