"""Catalogue rows and dossier rows: constraints, no flow."""

from procedures.models.agents import AgentArea
from procedures.models.areas import AreaChange, AreaOutcome, StaffMove
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
from procedures.models.figure_proposals import FigureDecision, FigureProposal
from procedures.models.figures import (
    CountedDossier,
    FiguresMark,
    MonthFigures,
)
from procedures.models.handover import HandoverList, HandoverRow, ParcelPhoto
from procedures.models.hours import Counter, OfficeHours
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
from procedures.models.rates import LegalFigure
from procedures.models.reconciliation import DifferenceReason, FoundCode, Reconciliation

__all__ = [
    "AdjoiningOffice",
    "AgentArea",
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
    "DifferenceReason",
    "DispatchBatch",
    "DispatchLabels",
    "DispatchManifest",
    "Document",
    "Dossier",
    "DossierEvent",
    "DossierNumber",
    "Export",
    "Field",
    "FigureDecision",
    "FigureProposal",
    "FiguresMark",
    "FoundCode",
    "HandoverList",
    "HandoverRow",
    "IntakeCorrection",
    "IntakeList",
    "IntakeRow",
    "IssuedDocument",
    "LegalFigure",
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
    "Reconciliation",
    "Shipment",
    "ShipmentStep",
    "StaffMember",
    "StaffMove",
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
