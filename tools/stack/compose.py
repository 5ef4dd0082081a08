"""What docker-compose.yml says about each service, and the same words for this machine.

Only addresses and the places of files differ between a container and a process here: `Here`
replaces them in commands, settings and scripts, as text, and nothing else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
SECRETS = "/run/secrets/"


@dataclass(frozen=True, slots=True)
class Part:
    """One service: its command, its settings, how its health is asked, and what it starts after."""

    name: str
    command: tuple[str, ...]
    settings: Mapping[str, str]
    health: tuple[str, ...]
    after: frozenset[str]


@dataclass(frozen=True, slots=True)
class Here:
    """Texts that stand for a place inside the containers, each with its counterpart here."""

    places: Mapping[str, str]

    def text(self, words: str) -> str:
        """The words with every place replaced, in one pass: what was replaced stays so."""
        wanted = "|".join(re.escape(there) for there in self.places)
        return re.sub(wanted, lambda found: self.places[found[0]], words)

    def command(self, words: tuple[str, ...]) -> list[str]:
        """A command with every place replaced."""
        return [self.text(word) for word in words]

    def settings(self, values: Mapping[str, str]) -> dict[str, str]:
        """Settings with every place replaced."""
        return {name: self.text(value) for name, value in values.items()}


def read(file: Path = FILE) -> dict[str, Part]:
    """The services of a compose file by name. A file of settings that is the operator's own
    is read from the example that comes with it.
    """
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {name: _part(name, service, file) for name, service in told["services"].items()}


def _part(name: str, service: Mapping[str, Any], file: Path) -> Part:
    settings: dict[str, str] = {}
    for path in service.get("env_file", ()):
        settings |= settings_in(file.parent / f"{path}.example")
    settings |= {key: str(value) for key, value in service.get("environment", {}).items()}
    health = service.get("healthcheck", {}).get("test", ())
    return Part(
        name,
        tuple(service["command"]),
        settings,
        tuple(health[1:]),
        frozenset(service.get("depends_on", ())),
    )


def settings_in(path: Path) -> dict[str, str]:
    """The settings in a file of NAME=value lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if line.strip() and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition("=") for line in told)}


def secrets_of(part: Part) -> dict[str, str]:
    """The setting that each secret of a service holds, by the secret's name."""
    return {
        value.removeprefix(SECRETS): name.removesuffix("_FILE")
        for name, value in part.settings.items()
        if value.startswith(SECRETS)
    }
