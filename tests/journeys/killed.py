"""Starts the product so that it is killed at one moment of a submission, as by a power cut.

`KILLED` names the moment; the arguments are those of `request-broker`. An RQ worker dies with
its child; the embedded queue dies with the whole process.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping

from broker import relay
from broker.connectors.iga.oim.oim import Oim
from broker.context import Broker
from broker.ports.iga import Receipt, Submission
from broker.store.outbox import Effect, Message
from cli.main import main


def _die() -> None:
    if "worker" in sys.argv:
        os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _before_the_call() -> None:
    def submit(_oim: Oim, _submission: Submission) -> Receipt:
        _die()
        raise AssertionError("nobody survives this")

    Oim.submit = submit  # type: ignore[method-assign, assignment]  # the moment


def _after_acceptance() -> None:
    original = Oim.submit

    def submit(oim: Oim, submission: Submission) -> Receipt:
        receipt = original(oim, submission)
        _die()
        return receipt

    Oim.submit = submit  # type: ignore[method-assign, assignment]  # the moment


def _after_the_commit() -> None:
    original = relay._settle

    def settle(broker: Broker, message: Message, effect: Effect) -> None:
        original(broker, message, effect)
        if message.topic == "order.submit":
            _die()

    relay._settle = settle


MOMENTS: Mapping[str, Callable[[], None]] = {
    "before the call": _before_the_call,
    "after acceptance": _after_acceptance,
    "after the commit": _after_the_commit,
}

if __name__ == "__main__":
    MOMENTS[os.environ["KILLED"]]()
    sys.exit(main())
