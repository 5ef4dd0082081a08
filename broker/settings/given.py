"""What the environment gives: our names only, files read, empty ones left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from broker.settings.faults import BadSettings

PREFIX = "BROKER_"
_FILE = "_FILE"
_MOST_BYTES = 1024 * 1024
# Empty, these say that the identity provider sends no such attribute.
_MAY_BE_EMPTY = "_ATTRIBUTE"


@dataclass(frozen=True, slots=True)
class Given:
    """The settings' texts by name, and a sentence for each that could not be had.

    `lost` are the names of those: nobody needs to hear that they are missing as well. `empty`
    says of names without a text where they came from.
    """

    values: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    empty: dict[str, str] = field(default_factory=dict)

    def told(self, faults: list[str]) -> list[str]:
        """These faults in the light of how the settings came: nothing twice, and missing ones
        that are there but empty called so.
        """
        return [self._told(fault) for fault in faults if _subject(fault) not in self.lost]

    def _told(self, fault: str) -> str:
        name = _subject(fault)
        missing = fault.startswith(f"{name} is missing")
        return (
            f"{self.empty[name]} is empty: give it a value."
            if missing and name in self.empty
            else fault
        )


def with_files(environment: Mapping[str, str]) -> dict[str, str]:
    """The BROKER_ part of the environment, each NAME_FILE replaced by the file's text.

    An empty text counts as none. Raises BadSettings.
    """
    found = given(environment)
    if found.faults:
        raise BadSettings(found.faults)
    return found.values


def given(environment: Mapping[str, str]) -> Given:
    """As `with_files`, with the faults beside what could be had."""
    found = Given()
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX) and not name.endswith(_FILE):
            _keep(found, name, name, value)
    for name, path in _files(environment):
        _read(found, name, path)
    return found


def _files(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, path in sorted(environment.items()):
        if name.startswith(PREFIX) and name.endswith(_FILE) and path.strip():
            yield name.removesuffix(_FILE), path


def _keep(found: Given, name: str, where: str, value: str) -> None:
    if value.strip() or name.endswith(_MAY_BE_EMPTY):
        found.values[name] = value
    else:
        found.empty[name] = where


def _read(found: Given, name: str, path: str) -> None:
    if name in found.values:
        found.faults.append(f"{name} and {name}{_FILE} are both set: keep one of them.")
        found.lost.add(name)
        return
    try:
        _keep(found, name, f"{name}{_FILE}: {path}", _text(path))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        found.faults.append(f"{name}{_FILE}: {path} cannot be read: {why}.")
        found.lost.add(name)


def _text(path: str) -> str:
    with Path(path).open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError("it is larger than 1 MB")
    try:
        return content.decode().strip()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None


def _subject(fault: str) -> str:
    """The setting that a sentence is about."""
    return fault.split(" ", 1)[0].rstrip(":")
