"""``python -m bench [PART] [--quick] [--output FILE]``, with DATABASE_URL, REDIS_URL and DATA_DIR set.

Parts: ``filing`` (without one): what one filing costs. ``volume``: whether pages cost the same with a
million dossiers; loading them takes minutes and gigabytes, once. ``statements``: taking in a hundred
thousand bookings. ``calculator``: microseconds of one lump sum. ``roster``: a
roster of 200,000 benefits and its payment lists, beside a bare COPY.
"""

import argparse
import logging
import os
import sys
from pathlib import Path

import django

from bench.report import NOTES, PEER, machine, rows, table, write, write_part
from bench.site import place
from portal.standalone import Unavailable
from portal.standalone.processes import ROOT


def main(argv: list[str]) -> int:
    """0 when everything was measured, whether goals are met or not."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument(
        "part",
        nargs="?",
        choices=("filing", "volume", "statements", "calculator", "roster"),
        default="filing",
    )
    parser.add_argument("--quick", action="store_true", help="a few of each, to see that all parts run")
    parser.add_argument("--anew", action="store_true", help="volume: load the databases again")
    parser.add_argument("--explain", action="store_true", help="volume: write the plans to docs/explain.md")
    parser.add_argument("--output", type=Path, default=ROOT / "var" / "bench.json")
    arguments = parser.parse_args(argv)
    try:
        if arguments.part == "volume":
            return _run_volume(arguments)
        if arguments.part == "statements":
            return _run_statements(arguments)
        if arguments.part == "calculator":
            return _run_calculator(arguments)
        if arguments.part == "roster":
            return _run_roster(arguments)
        return _run(quick=arguments.quick, output=arguments.output)
    except Unavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _run(*, quick: bool, output: Path) -> int:
    about = machine()
    with place() as found:
        os.environ.update(found.env)
        django.setup()
        logging.disable(logging.WARNING)
        from bench.run import FULL, QUICK, everything

        findings = everything(found, QUICK if quick else FULL)
    write(output, findings, about)
    described = ", ".join(f"{name} {value}" for name, value in about.items())
    print(f"\n{described}\n\n{table(rows(findings))}\n\n{NOTES}\n{PEER}\nWritten to {output}.")
    return 0


def _run_calculator(arguments: argparse.Namespace) -> int:
    about = machine()
    with place() as found:
        os.environ.update(found.env)
        django.setup()
        logging.disable(logging.WARNING)
        from bench import calculator

        findings = calculator.everything(quick=arguments.quick)
    write_part(arguments.output, "calculator", calculator.rows(findings), about)
    print(f"\n{table(calculator.rows(findings))}\nWritten to {arguments.output}.")
    return 0


def _run_roster(arguments: argparse.Namespace) -> int:
    from bench import roster

    about = machine()
    with place() as found:
        os.environ.update(found.env)
        django.setup()
        findings = roster.everything(found, quick=arguments.quick)
    described = ", ".join(f"{name} {value}" for name, value in about.items())
    print(f"\n{described}\n\n{table(roster.rows(findings))}")
    return 0


def _run_volume(arguments: argparse.Namespace) -> int:
    about = machine()
    with place() as found:
        os.environ.update(found.env)
        django.setup()
        logging.disable(logging.WARNING)
        from bench import growth, volume

        plan = growth.QUICK if arguments.quick else growth.FULL
        findings = growth.everything(found, plan, anew=arguments.anew, explain=arguments.explain)
    growth.write(arguments.output, findings, about)
    print(f"\n{growth.heading(findings)}\n\n{table(growth.rows(findings))}")
    print(f"\n{volume.skipped(findings.pages)}\nWritten to {arguments.output}.")
    return 0


def _run_statements(arguments: argparse.Namespace) -> int:
    about = machine()
    with place() as found:
        os.environ.update(found.env)
        django.setup()
        logging.disable(logging.WARNING)
        from bench import statements

        findings = statements.everything(found, 2000 if arguments.quick else 100_000)
    statements.write(arguments.output, findings, about)
    print(f"\n{table(statements.rows(findings))}\n\nWritten to {arguments.output}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
