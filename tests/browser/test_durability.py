"""Killed workers and a broker that is away, against the running portal: delay, and nothing else."""

import contextlib
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.browser.running import PATIENCE, Site, eventually
from tests.conftest import PASSWORD

PAPERS = ["form", "label", "receipt"]
_DRAFTS = f"""
import random
from django.utils import timezone
from procedures import demo
for number in range(8):
    chance = random.Random(number)
    who = demo.person(chance, "22429")
    user = demo.citizen(who, password="{PASSWORD}")
    draft = demo.draft(user, who, "stopped_1_year", timezone.localdate(), chance)
    print(user.username, draft.draft_code)
"""


class Citizen:
    """Somebody who has signed in and checks a complete draft."""

    def __init__(self, site: Site, number: str, draft: str) -> None:
        self.site, self.number, self.draft = site, number, draft
        self.http = httpx.Client(base_url=site.url, timeout=PATIENCE)
        self.http.get("/tai-khoan/dang-nhap/")
        signed_in = self.post("/tai-khoan/dang-nhap/", login=number, password=PASSWORD)
        assert signed_in.status_code == 302
        page = self.http.get(f"/ho-so/{draft}/kiem-tra/").text
        self.key = re.findall(r'name="key" value="([^"]+)"', page)[0]

    def close(self) -> None:
        self.http.close()

    def post(self, path: str, *, within: float = PATIENCE, **data: str) -> httpx.Response:
        data["csrfmiddlewaretoken"] = self.http.cookies["csrftoken"]
        return self.http.post(path, data=data, timeout=within)

    def file(self, *, within: float = PATIENCE) -> httpx.Response:
        return self.post(f"/ho-so/{self.draft}/kiem-tra/", within=within, declaration="on", key=self.key)

    @property
    def papers(self) -> list[str]:
        query = """SELECT kind FROM procedures_issueddocument JOIN procedures_dossier d ON d.id = dossier_id
                   WHERE draft_code = %s ORDER BY kind"""
        return [kind for (kind,) in self.site.rows(query, self.draft)]

    @property
    def side_effects(self) -> list[tuple[str, str, int]]:
        """Topic, state and attempts of each."""
        query = """SELECT topic, m.state, attempts FROM portal_outboxmessage m
                   JOIN procedures_dossier d ON d.id = (payload->>'dossier')::int
                   WHERE draft_code = %s ORDER BY m.id"""
        return self.site.rows(query, self.draft)  # type: ignore[return-value]

    @property
    def settled(self) -> bool:
        return {state for _topic, state, _attempts in self.side_effects} == {"done"}

    def assert_everything_once(self) -> None:
        assert self.papers == PAPERS
        query = """SELECT n.kind FROM portal_notice n JOIN procedures_dossier d ON n.about = d.code
                   WHERE draft_code = %s"""
        assert self.site.rows(query, self.draft) == [("filed",)]
        assert len(self.side_effects) == 4
        events = """SELECT count(*) FROM procedures_dossierevent e
                    JOIN procedures_dossier d ON d.id = dossier_id WHERE draft_code = %s"""
        assert self.site.value(events, self.draft) == 1


@pytest.fixture(scope="module")
def _drafts(_portal: Site) -> Iterator[str]:
    """A user name and a complete draft of this user, a line each."""
    return iter(_portal.shell(_DRAFTS).splitlines())


@pytest.fixture
def citizens(site: Site, _drafts: Iterator[str]) -> Iterator[Iterator[Citizen]]:
    """One citizen after the other, each about to file."""
    with contextlib.ExitStack() as stack:
        yield (stack.enter_context(contextlib.closing(Citizen(site, *line.split()))) for line in _drafts)


@contextlib.contextmanager
def hindered(site: Site, lock: str, *values: str) -> Iterator[None]:
    """Hold what the statement ``lock`` locks; whoever needs it waits in the middle of its transaction."""
    with site.connect() as connection:
        connection.execute(lock.encode(), values)
        yield
        connection.rollback()


def waiting(site: Site) -> int:
    """How many transactions wait for a lock."""
    query = """SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'"""
    return int(site.value(query))


def file_quickly(citizen: Citizen) -> None:
    """File while something is away that does not come back before the answer."""
    assert citizen.file(within=10).status_code == 303


def test_a_killed_worker_and_a_stopped_broker_cost_delay_and_nothing_else(
    site: Site, citizens: Iterator[Citizen]
) -> None:
    first, second = next(citizens), next(citizens)
    # The worker has made the PDF when it comes to write the row.
    with hindered(site, "LOCK TABLE procedures_issueddocument IN EXCLUSIVE MODE"):
        file_quickly(first)
        eventually(lambda: waiting(site) > 0, "the worker is in the middle of a paper")
        receipt = next(effect for effect in first.side_effects if effect[0] == "documents.receipt")
        assert receipt == ("documents.receipt", "pending", 1)
        site.kill("worker")
    assert "receipt" not in first.papers

    site.kill("valkey")
    file_quickly(second)
    assert second.papers == []

    site.start_missing()
    eventually(lambda: second.settled, "what the broker never heard of is done")
    site.manage("verify_history")
    # By itself, 30 s after the killed worker took it.
    eventually(lambda: first.settled, "what the worker dropped is done")
    assert ("documents.receipt", "done", 2) in first.side_effects
    first.assert_everything_once()
    second.assert_everything_once()


@pytest.mark.parametrize("outage", [Site.without, Site.frozen])
def test_a_broker_that_is_away_or_hangs_keeps_nobody_waiting(
    outage: Callable[[Site, str], contextlib.AbstractContextManager[None]],
    site: Site,
    citizens: Iterator[Citizen],
) -> None:
    during, after = next(citizens), next(citizens)
    with outage(site, "valkey"):
        file_quickly(during)
    eventually(lambda: during.settled, "worker and beat found the broker again", within=30)
    file_quickly(after)
    eventually(lambda: after.settled, "filing wakes a worker again")
    during.assert_everything_once()
    after.assert_everything_once()


def test_a_database_that_drops_its_connections_loses_nothing(site: Site, citizens: Iterator[Citizen]) -> None:
    citizen = next(citizens)
    dropped = """SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    assert site.value(dropped) > 1
    file_quickly(citizen)
    eventually(lambda: citizen.settled, "the worker has a connection again")
    citizen.assert_everything_once()


def test_filing_on_two_devices_at_once_files_once(site: Site, citizens: Iterator[Citizen]) -> None:
    phone = next(citizens)
    with (
        contextlib.closing(Citizen(site, phone.number, phone.draft)) as desktop,
        ThreadPoolExecutor() as pool,
    ):
        assert phone.key != desktop.key
        with hindered(site, "SELECT 1 FROM procedures_dossier WHERE draft_code = %s FOR UPDATE", phone.draft):
            pressed = [pool.submit(device.file) for device in (phone, desktop)]
            eventually(lambda: waiting(site) == 2, "both are in the middle of filing")
        answers = [answer.result() for answer in pressed]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    eventually(lambda: phone.settled, "the papers are made")
    phone.assert_everything_once()
    owned = (
        "SELECT count(*) FROM procedures_dossier d JOIN portal_user u ON u.id = owner_id WHERE username = %s"
    )
    assert site.value(owned, phone.number) == 1


def test_connections_opened_ahead_and_left_idle_keep_nobody_waiting(site: Site) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(socket.create_connection(("127.0.0.1", site.port)))
        time.sleep(0.5)
        answered = [httpx.get(f"{site.url}/healthz", timeout=10).status_code for _ in range(6)]
    assert answered == [200] * 6
