"""How a request goes from word to word: what it says now, and what comes when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sandbox.oim.records import Oim, Request
from sandbox.oim.workflow_words import INITIATED, UNDOCUMENTED


class Pace:
    """Sets status and next step of the requests of one installation."""

    def __init__(self, oim: Oim) -> None:
        self._oim = oim

    def move(self, request: Request, status: str, at: datetime) -> None:
        """Change the status; nothing comes of itself after it any more."""
        if status == INITIATED and not self._oim.switches.words_documented:
            status = UNDOCUMENTED
        request.status, request.next_at, request.passing = status, None, ()
        self.touch(request, at)

    def touch(self, request: Request, at: datetime) -> None:
        """Something about it has changed."""
        request.modified_at = at
        self._oim.version += 1

    def later(self, request: Request, then: str, at: datetime, seconds: float) -> None:
        """The step `then` is due so many seconds after `at`."""
        request.then, request.next_at = then, at + timedelta(seconds=seconds)
        self._oim.agenda.note(request.next_at, int(request.id))

    def watch(self, request: Request) -> None:
        """If its tasks expire, the next step is that the first does."""
        if request.expires_at is not None:
            self.later(request, "lapse", request.expires_at, 0)

    def say(
        self, request: Request, words: tuple[str, ...], then: str, at: datetime, share: float
    ) -> None:
        """Say these words one after the other, each for a share of the provisioning time."""
        self.move(request, words[0], at)
        self.later(request, then, at, self._oim.delays.provisioning * share)
        request.passing = words[1:]

    def due(self, by: datetime) -> Iterator[tuple[Request, datetime]]:
        """The requests whose next step is due by then, and when it was; earliest first."""
        for at, number in self._oim.agenda.due(by):
            request = self._oim.requests.live.get(str(number))
            if request is not None and request.next_at == at:
                yield request, at
