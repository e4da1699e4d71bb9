"""XML of strangers: parsed without network, entities or document types."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from procedures.workflow import MoveRefused

if TYPE_CHECKING:
    from lxml import etree


def parsed(data: bytes) -> "etree._Element":
    """The root of ``data``; raises ``MoveRefused`` for broken XML, a DOCTYPE, or a tree too deep or large."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MoveRefused(_("This is no whole XML file: %(error)s") % {"error": str(error)[:200]}) from error
    if root.getroottree().docinfo.doctype:
        raise MoveRefused(_("The file declares a document type; a bank’s file has none."))
    return root


def space(root: "etree._Element") -> str:
    """The namespace of ``root``."""
    from lxml import etree

    return etree.QName(root).namespace or ""


def text(element: "etree._Element", path: str) -> str:
    """The text at ``path`` (local names, ``/`` between them) below ``element``, or nothing."""
    found = every(element, path)
    return (found[0].text or "").strip() if found else ""


def every(element: "etree._Element", path: str) -> "list[etree._Element]":
    """The elements at ``path`` (local names) below ``element``, whatever their namespace."""
    steps = "/".join("{*}" + step for step in path.split("/"))
    return list(element.iterfind(steps))
