"""`python -m bench [--scale F] [--only NAME]`: a table of ratios; 1 when a target is missed.

Everything is measured in this run, the thing it is compared with as well, so that the machine does
not matter. A run at less than full size judges nothing but counts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence

from bench import idle, mirroring
from bench.measuring import HEAD, Line

BENCHES: dict[str, Callable[[float], Iterator[Line]]] = {
    "mirroring": mirroring.run,
    "idle": idle.run,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for, each line told as soon as it is known."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size")
    parser.add_argument("--only", choices=BENCHES, help="one of them")
    options = parser.parse_args(argv)
    print(HEAD, flush=True)
    missed = 0
    for name in [options.only] if options.only else BENCHES:
        for line in BENCHES[name](options.scale):
            print(line, flush=True)
            missed += not line.kept and (options.scale >= 1 or line.most is not None)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
