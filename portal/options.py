"""A long list of answers, drawn once for everybody and marked for whoever looks at it."""

from collections.abc import Sequence
from functools import cached_property
from html import escape

Group = tuple[str, list[tuple[str, str]]]
"""A heading, maybe empty, and its options: value and label."""


class Options:
    """The answers of a select. Kept while its source is unchanged, so its HTML is, too."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = groups
        self.labels = {value: label for _heading, options in groups for value, label in options}

    @property
    def headings(self) -> list[str]:
        return [heading for heading, _options in self.groups]

    @cached_property
    def of_headings(self) -> "Options":
        """The headings as options, for a select that makes this list short."""
        return Options([("", [(heading, heading) for heading in self.headings])])

    def heading_of(self, value: str) -> str:
        """The heading ``value`` stands under; "" where it is not in the list."""
        return next((heading for heading, options in self.groups if value in dict(options)), "")

    def under(self, heading: str) -> "Options":
        """The options of one heading, all where there is no such heading."""
        found = [("", options) for name, options in self.groups if name == heading]
        return Options(found) if found else self

    @cached_property
    def html(self) -> str:
        """The ``<option>`` elements, none of them selected."""
        return "".join(_group(heading, options) for heading, options in self.groups)

    def drawn(self, chosen: str) -> str:
        """The same with ``chosen`` selected."""
        if chosen not in self.labels:
            return self.html
        option = f'<option value="{escape(chosen)}"'
        return self.html.replace(f"{option}>", f"{option} selected>", 1)


def _group(heading: str, options: list[tuple[str, str]]) -> str:
    inside = "".join(f'<option value="{escape(v)}">{escape(label)}</option>' for v, label in options)
    return f'<optgroup label="{escape(heading)}">{inside}</optgroup>' if heading else inside
