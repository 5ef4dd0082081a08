"""Names for things that live in somebody else's system."""

import hashlib
import json
import re
import uuid
from dataclasses import dataclass

_NAMESPACE = uuid.UUID("6f0c3f1e-6d0e-5b0a-9a39-2f6f6c0b7a11")
_WORD_LENGTH = 16
# Also as part of a longer word, for a text may be cut after it.
_LIKE_A_WORD = re.compile(rf"RB-(?=[0-9a-f]{{{_WORD_LENGTH}}})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ExternalRef:
    """System (a connection's name), kind of record, and its id there."""

    system: str
    kind: str
    id: str


def mirror_id(ref: ExternalRef) -> str:
    """The id under which `ref` is mirrored elsewhere: a UUIDv5 as 32 hex digits.

    Depends on nothing but the reference, so writing twice can never create two rows.
    """
    return uuid.uuid5(_NAMESPACE, f"{ref.system}/{ref.kind}/{ref.id}").hex


def submission_word(source: str, item_id: str, wish: str) -> str:
    """The word that stands in the IGA for one wish (action, kind and key) of one desk item.

    Depends on nothing but what is wished for, so that it can be recognised after any loss.
    """
    return f"RB-{_named(source, item_id, wish)[:_WORD_LENGTH]}"


def without_submission_words(text: str) -> str:
    """People's own text, in which nothing can pass for a submission's word.

    Whoever knows an item can work its word out: planted in another order's text, it would make
    that order's request pass for the item's own.
    """
    return _LIKE_A_WORD.sub("RB ", text)


def desk_mark(source: str, item_id: str, what: str) -> str:
    """The mark on something that is written once on a desk item, whoever writes it.

    `what` is a word, and after a slash what tells one such entry from another.
    """
    return f"{_named(source, item_id, what)[:12]}-{what.partition('/')[0]}"


def _named(*words: str) -> str:
    return uuid.uuid5(_NAMESPACE, "/".join(words)).hex


def canonical(value: object) -> str:
    """JSON text that is the same for the same value: sorted keys, ASCII, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def fingerprint(value: object) -> str:
    """SHA-256 (hex) of the canonical JSON text of `value`."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
