"""Two import contracts that import-linter does not have: who may use a library, and who may
use nothing but a few.
"""

import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyInContract(Contract):
    """A library may be imported in the named modules only (and in what is below them)."""

    type_name = "only_in"

    # import-linter puts the parsed value in the place of each field
    library: str = fields.StringField()  # type: ignore[assignment]
    allowed_in: set[str] = fields.SetField(  # type: ignore[assignment]
        subfield=fields.StringField()
    )

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 - given by import-linter
        """Kept when nobody else imports the library directly."""
        found = [
            f"{importer} imports {self.library}"
            for importer in sorted(graph.find_modules_that_directly_import(self.library))
            if not is_below(importer, self.allowed_in)
        ]
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print who imports it."""
        render(check)


class OnlyFromContract(Contract):
    """The named modules import the standard library, themselves and the allowed, nothing else."""

    type_name = "only_from"

    modules: set[str] = fields.SetField(  # type: ignore[assignment]
        subfield=fields.StringField()
    )
    allowed: set[str] | None = fields.SetField(  # type: ignore[assignment]
        subfield=fields.StringField(), required=False
    )

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 - given by import-linter
        """Kept when every direct import is the standard library's or an allowed one."""
        found = sorted(self._strangers(graph))
        return ContractCheck(kept=not found, metadata={"found": found})

    def _strangers(self, graph: ImportGraph) -> Iterator[str]:
        known = self.modules | (self.allowed or set()) | sys.stdlib_module_names
        for importer in graph.modules:
            if is_below(importer, self.modules):
                for imported in graph.find_modules_directly_imported_by(importer):
                    if not is_below(imported, known):
                        yield f"{importer} imports {imported}"

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print what is imported."""
        render(check)


def is_below(module: str, packages: AbstractSet[str]) -> bool:
    """Whether the module is one of the packages or lies inside one."""
    return any(module == each or module.startswith(f"{each}.") for each in packages)


def render(check: ContractCheck) -> None:
    """Print what a broken contract found."""
    for sentence in check.metadata["found"]:
        output.print_error(sentence)
