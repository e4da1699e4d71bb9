"""One whole run, in the order that disturbs itself least. Needs Django set up, see ``bench.__main__``."""

import json
import sys
from dataclasses import dataclass

from bench import floors, measure, pages, people
from bench.filing import Papers
from bench.meters import Memory, memory_of
from bench.report import Findings
from bench.site import Place, Site, running


@dataclass(frozen=True)
class Plan:
    """How often each thing is done; seconds where it says so."""

    rounds: int
    filings: int
    slow_filings: int
    idle_filings: int
    burst: int
    clients: tuple[int, ...]
    stretches: int
    stretch_seconds: float
    pages: int
    receipts: int
    stock_receipts: int
    inserts: int


FULL = Plan(3, 8, 4, 9, 100, (1, 4, 8), 5, 3.0, 40, 60, 20, 150)
QUICK = Plan(1, 2, 1, 2, 10, (1, 4, 8), 1, 2.0, 5, 5, 2, 10)


@dataclass
class Live:
    """What was measured while the portal ran."""

    costs: list[measure.Cost]
    slow: measure.Cost
    statements: tuple[float, float]
    idle: list[float]
    burst: list[float]
    rates: dict[int, measure.Rate]
    web: Memory
    worker: Memory


def everything(found: Place, plan: Plan) -> Findings:
    """All figures of a run."""
    papers = people.papers()
    with running(found) as site:
        live = _live(site, papers, plan)
    say("floors: bare view, bare insert")
    view = floors.bare_view(found, rounds=plan.rounds, seconds=plan.stretch_seconds)
    insert = floors.bare_insert(found, rounds=plan.rounds, transactions=plan.inserts)
    say("receipts: ours, stock")
    receipts, stock = _receipts(found, "ours", plan.receipts), _receipts(found, "stock", plan.stock_receipts)
    say("a page of thirty questions")
    page_cpu, page_bytes = pages.page_cpu(rounds=5, pages=plan.pages)
    return Findings(
        filing=measure.median_cost(live.costs),
        slow_filing=live.slow,
        statements=live.statements,
        rates=live.rates,
        idle_seconds=live.idle,
        burst_seconds=live.burst,
        web_memory=live.web,
        worker_memory=live.worker,
        page_cpu=page_cpu,
        page_bytes=page_bytes,
        largest_form_cpu=pages.largest_form_cpu(rounds=5, pages=plan.pages),
        stock_form_cpu=pages.stock_cpu(rounds=5, pages=max(plan.pages // 4, 1)),
        receipts=receipts,
        stock_receipts=stock,
        bare_view=view,
        bare_insert=insert,
    )


def _live(site: Site, papers: Papers, plan: Plan) -> Live:
    say("one filing")
    measure.filing_cost(site, papers, filings=8)  # what processes and their threads do on first use
    costs = [measure.filing_cost(site, papers, filings=plan.filings) for _ in range(plan.rounds)]
    slow = measure.filing_cost(site, papers, filings=plan.slow_filings, slowly=True)
    counted = measure.statements(site, papers, filings=min(plan.filings, 4))
    say("filing to receipt, idle and in a burst")
    idle = measure.idle_delays(site, papers, filings=plan.idle_filings, pause=1.0)
    burst = measure.burst_delays(site, filings=plan.burst, clients=8)
    rates = {}
    for clients in plan.clients:
        say(f"filings with {clients} at once")
        rates[clients] = measure.filings_per_second(
            site,
            papers,
            clients=clients,
            stretches=plan.stretches,
            stretch=plan.stretch_seconds,
            warm_up=2.0,
        )
    web, worker = (memory_of(site.children[name].pid) for name in ("web", "worker"))
    return Live(costs, slow, counted, idle, burst, rates, web, worker)


def _receipts(found: Place, kind: str, count: int) -> dict[str, list[float]]:
    made: dict[str, list[float]] = json.loads(found.python("-m", "bench.pdf", kind, str(count)))
    return made


def say(line: str) -> None:
    """What is being measured now, to the terminal."""
    sys.stderr.write(f"  {line} ...\n")
