"""Tags of the staff's pages."""

from typing import Any

from django import template

from procedures import urgent

register = template.Library()


@register.inclusion_tag("admin/procedures/urgent.html", takes_context=True)
def urgent_banner(context: dict[str, Any]) -> dict[str, Any]:
    """Urgent dossiers of the office that wait; the page asks for them again by itself."""
    return urgent.banner(context["request"].user)
