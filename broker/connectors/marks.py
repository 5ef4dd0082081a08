"""Finding our own mark in somebody else's text."""

import re


def carries(words: str, mark: str) -> bool:
    """Whether `words` hold the mark as a whole word: RITM001 is not in RITM0010023."""
    pattern = rf"(?<![\w-]){re.escape(mark)}(?![\w-])"
    return bool(mark) and re.search(pattern, words, re.IGNORECASE) is not None


def marked(words: str, mark: str) -> str:
    """`words`, with the mark in brackets at the end unless they carry it already."""
    return words if carries(words, mark) else f"{words} [{mark}]"
