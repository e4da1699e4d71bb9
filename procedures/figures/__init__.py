"""What an office did in a month, and how late: counted from history, kept up to date, read by the leaders.

``rule``: when a dossier ended and whether that was on time. ``counting``: what one dossier counts for, and
following history. ``months``: the sums. ``recount``: all of it anew, and the nightly comparison. ``reading``:
the tables of the page.
"""
