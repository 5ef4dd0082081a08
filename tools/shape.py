"""The shape of the code: lengths of functions and modules, against the figures we keep.

A function's length is its lines of code, its docstring, comments and blank lines not counted.
"""

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("broker", "webui", "jobs", "cli", "sandbox", "bench", "tools")
MEDIAN, PERCENTILE_95, MODULE = 8, 30, 300
SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
Functions = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> int:
    """Exit code 0 when the figures are kept; names each module that is too long."""
    sources = {path: path.read_text(encoding="utf-8") for path in modules()}
    lengths = [length for source in sources.values() for length in function_lengths(source)]
    middle, high = median(lengths), quantiles(lengths, n=20)[-1]
    long = {path: size for path, text in sources.items() if (size := module_length(text)) > MODULE}
    print(f"functions: {len(lengths)}, median {middle:g} lines, 95th percentile {high:g}")
    for path, size in sorted(long.items()):
        print(f"{path.relative_to(ROOT)}: {size} lines of code, more than {MODULE}")
    return 1 if middle > MEDIAN or high > PERCENTILE_95 or long else 0


def modules() -> Iterator[Path]:
    """Every module of the product, the sandbox and the tools; migrations are data."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "versions" not in path.parts:
                yield path


def function_lengths(source: str) -> Iterator[int]:
    """The lines of code of each function, its head included."""
    code = code_lines(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Functions):
            yield len(code & set(range(node.lineno, (node.end_lineno or 0) + 1)))


def module_length(source: str) -> int:
    """The lines of code of a module."""
    return len(code_lines(source))


def code_lines(source: str) -> set[int]:
    """The numbers of the lines that hold code: no blank line, comment or docstring."""
    held: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in SILENT:
            held |= set(range(token.start[0], token.end[0] + 1))
    return held - docstring_lines(ast.parse(source))


def docstring_lines(tree: ast.AST) -> set[int]:
    """The lines of expressions that are nothing but a string."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines |= set(range(node.lineno, (node.end_lineno or 0) + 1))
    return lines


if __name__ == "__main__":
    sys.exit(main())
