"""The check at the start of a process that may verify SAML."""

import builtins
import importlib.metadata
import time

import pytest
import xmlsec
from lxml import etree

from webui.auth.saml import selfcheck
from webui.auth.saml import verify as door
from webui.auth.saml.refusal import Reason
from webui.auth.saml.selfcheck import PINS, ensure_safe


def test_this_installation_is_safe() -> None:
    ensure_safe()


def test_it_is_quick() -> None:
    def seconds() -> float:
        started = time.perf_counter()
        ensure_safe()
        return time.perf_counter() - started

    assert min(seconds() for _ in range(4)) < 0.3


def test_xmlsec_loses_its_openers_exactly_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(xmlsec, "cleanup_callbacks", lambda: calls.append("cleaned"))
    selfcheck._cleaned.clear()
    ensure_safe()
    ensure_safe()
    assert calls == ["cleaned"]


@pytest.mark.parametrize("name", PINS)
def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda asked: "9.9.9" if asked == name else real(asked)
    )
    with pytest.raises(RuntimeError, match=rf"{name} is 9\.9\.9; SAML is only safe with"):
        ensure_safe()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PINS, "no-such-package", "1")
    with pytest.raises(RuntimeError, match="no-such-package is not installed"):
        ensure_safe()


def test_two_copies_of_libxml2_must_be_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(etree, "LIBXML_VERSION", (2, 9, 14))
    with pytest.raises(RuntimeError, match=r"libxml2 \(2, 9, 14\) but xmlsec carries"):
        ensure_safe()


def test_a_pair_that_fails_at_import_gives_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def broken(name: str, *rest: object) -> object:
        if name == "xmlsec":
            raise ImportError("lxml & xmlsec libxml2 library version mismatch")
        return real(name, *rest)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(RuntimeError, match="do not work together: lxml & xmlsec"):
        ensure_safe()


def test_a_door_that_refuses_everybody_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Reason.INVALID.refused()

    monkeypatch.setattr(door, "verify", refuse)
    with pytest.raises(RuntimeError, match="A good SAML response is refused"):
        ensure_safe()


def test_a_door_that_lets_everybody_in_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "verify", lambda *_: None)
    with pytest.raises(RuntimeError, match="A forged SAML response is accepted"):
        ensure_safe()
