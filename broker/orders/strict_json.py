"""Reading the JSON of a post without giving any of it the benefit of the doubt.

What other readers pass over in silence – a key given twice, NaN, half a character – is where
two programs come to read one text in two ways. Here it is refused.
"""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8


class BadPost(Exception):
    """The post cannot be taken. `code` is for programs, `sentence` for people.

    The sentence names fields, never their values: those may be anything.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`: UTF-8, at most 64 KB and 8 levels; BadPost otherwise."""
    if len(body) > MAX_BYTES:
        raise BadPost("too_large", f"The body is larger than {MAX_BYTES} bytes.")
    value = _parsed(_text(body))
    for text in _texts(value, 1):
        _check(text)
    if not isinstance(value, dict):
        raise BadPost("not_json", "The body must be one JSON object.")
    return value


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadPost("not_json", "The body is not UTF-8.") from None


def _parsed(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        # Also raised for a number too long for Python to read.
        raise BadPost("not_json", "The body is not JSON.") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadPost("duplicate_key", "An object in the body names the same key twice.")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise BadPost("not_json", "NaN and Infinity are no JSON.")


def _texts(value: object, depth: int) -> Iterator[str]:
    """Every text in `value`, keys as well."""
    if isinstance(value, str):
        yield value
    if not isinstance(value, dict | list):
        return
    if depth > MAX_DEPTH:
        raise _too_deep()
    inner = [*value, *value.values()] if isinstance(value, dict) else value
    for each in inner:
        yield from _texts(each, depth + 1)


def _check(text: str) -> None:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadPost("bad_text", "A text in the body holds NUL or half a character (a surrogate).")


def _too_deep() -> BadPost:
    return BadPost("too_deep", f"The body is nested deeper than {MAX_DEPTH} levels.")
