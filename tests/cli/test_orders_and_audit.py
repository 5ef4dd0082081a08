"""What an operator does with orders, and an auditor with the trail, without a browser."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.bootstrap import build
from broker.context import Broker
from broker.domain.orders import LineState
from broker.store import audit
from broker.store.base import new_id
from broker.store.orders import OrderHistoryRow, OrderLineRow, OrderRow
from cli import demo_settings
from cli.installation import NobodyToWake, closing
from cli.main import main
from tools.servers import Database

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
Stuck = Callable[..., str]


@pytest.fixture
def broker(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    environment = demo_settings.prepare(
        tmp_path / "demo",
        broker="http://127.0.0.1:1",
        servicenow="http://127.0.0.1:2",
        oim="http://127.0.0.1:3",
        idp="http://localhost:4",
    )
    environment["BROKER_DATABASE_URL"] = database.url
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("BROKER_REDIS_URL", raising=False)
    with closing(build(environment, bell=NobodyToWake())) as made:
        yield made


@pytest.fixture
def stuck(broker: Broker) -> Stuck:
    """Makes an order that waits for an operator; gives its id."""

    def make(number: str = "RITM0010007", state: LineState = LineState.NEEDS_ATTENTION) -> str:
        left = LineState.RECEIVED if state is LineState.NEEDS_ATTENTION else None
        line = OrderLineRow(
            position=0, state=state, left_state=left, reason="gina is not in the IGA.",
            reference=f"RB-{new_id()[:16]}", changed_at=NOON,
        )  # fmt: skip
        step = OrderHistoryRow(at=NOON, event="receive", state="received", sentence="Received.")
        order = OrderRow(
            source="servicenow", client="servicenow", item_id=new_id(), item_number=number,
            action="grant", claims=new_id(), posted="{}", iga="oim", received_at=NOON,
            lines=[line], history=[step],
        )  # fmt: skip
        with broker.sessions.begin() as session:
            session.add(order)
        return order.id

    return make


def test_stuck_orders_are_found_by_their_state(
    stuck: Stuck, capsys: pytest.CaptureFixture[str]
) -> None:
    order_id = stuck()
    stuck("RITM0010008", LineState.SUBMITTED)

    assert main(["orders", "list", "--state", "needs_attention", "--json"]) == 0

    (found,) = json.loads(capsys.readouterr().out)
    assert (found["order"], found["item"]) == (order_id, "RITM0010007")


def test_a_list_for_people_has_a_line_for_each_order(
    stuck: Stuck, capsys: pytest.CaptureFixture[str]
) -> None:
    stuck()

    assert main(["orders", "list"]) == 0

    head, line = capsys.readouterr().out.splitlines()
    assert head.startswith("ORDER")
    assert "RITM0010007" in line
    assert "2026-01-31 12:00:00" in line


def test_an_order_is_shown_with_its_reason_and_its_timeline(
    stuck: Stuck, capsys: pytest.CaptureFixture[str]
) -> None:
    stuck()

    assert main(["orders", "show", "RITM0010007"]) == 0

    said = capsys.readouterr().out
    assert "gina is not in the IGA." in said
    assert "Received." in said


def test_a_program_gets_lines_and_history_of_an_order(
    stuck: Stuck, capsys: pytest.CaptureFixture[str]
) -> None:
    order_id = stuck()

    assert main(["orders", "show", order_id, "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert [line["state"] for line in found["lines"]] == ["needs_attention"]
    assert [step["event"] for step in found["history"]] == ["receive"]


def test_a_stuck_order_is_cancelled_with_a_reason_that_is_kept(
    stuck: Stuck, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    order_id = stuck()

    assert main(["orders", "cancel", "RITM0010007", "--reason", "ordered twice"]) == 0

    assert capsys.readouterr().out == f"Order {order_id} is now cancelled.\n"
    with broker.sessions() as session:
        steps = [step.sentence for step in session.get_one(OrderRow, order_id).history]
    assert "Cancelled: ordered twice" in steps


def test_a_stuck_order_is_tried_again(stuck: Stuck, capsys: pytest.CaptureFixture[str]) -> None:
    order_id = stuck()

    assert main(["orders", "retry", order_id, "--reason", "gina has an account now"]) == 0

    assert capsys.readouterr().out == f"Order {order_id} is now received.\n"


def test_an_order_that_is_not_stuck_is_left_alone(
    stuck: Stuck, capsys: pytest.CaptureFixture[str]
) -> None:
    stuck(state=LineState.SUBMITTED)

    assert main(["orders", "retry", "RITM0010007", "--reason", "why not"]) == 1

    assert "only one in need of attention can be changed" in capsys.readouterr().err


def test_an_order_the_desk_never_confirmed_adopts_nothing(
    stuck: Stuck, capsys: pytest.CaptureFixture[str]
) -> None:
    stuck()

    assert main(["orders", "adopt", "RITM0010007", "1388", "--reason", "it is this one"]) == 1

    assert "only a confirmed order can adopt" in capsys.readouterr().err


def test_a_number_that_means_several_orders_is_not_guessed(
    stuck: Stuck, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [stuck(), stuck()]

    assert main(["orders", "cancel", "RITM0010007", "--reason", "ordered twice"]) == 1

    said = capsys.readouterr().err
    assert "means several orders" in said
    assert all(order_id in said for order_id in ids)


def record(broker: Broker, count: int) -> None:
    with broker.sessions.begin() as session:
        for number in range(count):
            subject = ("order", f"{number:032x}")
            audit.record(session, NOON, audit.SYSTEM, "order.receive", subject)
    with broker.sessions.begin() as session:
        audit.seal(session, broker.audit_key, NOON)


def test_a_sealed_trail_verifies(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    record(broker, 3)

    assert main(["audit", "verify"]) == 0

    assert capsys.readouterr().out == "verified: 3 events are sealed and intact, 0 not yet.\n"


def test_another_key_does_not_vouch_for_the_trail(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record(broker, 2)
    monkeypatch.setenv("BROKER_AUDIT_KEY", "another-key-that-is-long-enough-000001")

    assert main(["audit", "verify"]) == 1

    assert capsys.readouterr().out.startswith("BROKEN after 0 sealed events: event 1")


def test_the_export_has_every_event_with_its_seal(
    broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(broker, 3)
    file = tmp_path / "trail.jsonl"

    assert main(["audit", "export", "--out", str(file)]) == 0

    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["seal"] for row in rows] == [1, 2, 3]
    assert capsys.readouterr().err == f"3 events written to {file}.\n"


def test_a_place_that_cannot_be_written_is_one_line(
    broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "export", "--out", str(tmp_path / "no" / "where")]) == 1

    assert "cannot be written: No such file or directory." in capsys.readouterr().err


def test_a_restored_database_is_made_fit_and_says_what_was_found(
    stuck: Stuck, capsys: pytest.CaptureFixture[str]
) -> None:
    stuck()
    assert main(["db", "restored"]) == 0
    assert "0 sessions ended, 0 claims freed." in capsys.readouterr().out
    assert main(["db", "restored", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "sessions_ended": 0,
        "claims_freed": 0,
        "orders_to_ask_about": 0,
        "requests_to_mirror": 0,
    }
    assert main(["audit", "verify"]) == 0
