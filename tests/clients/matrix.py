"""What each client program did, as the table in docs/clients.md, which the test run writes."""

import re
from dataclasses import dataclass, field

from tests.clients.installed import ROOT
from tests.clients.program import Program
from tests.clients.programs import LEFT_OUT, PROGRAMS

PAGE = ROOT / "docs" / "clients.md"
_BETWEEN = re.compile(r"(?<=<!-- written by the test run -->\n).*?(?=<!-- end -->)", re.DOTALL)


@dataclass
class Matrix:
    """Collects what the programs of one test run did."""

    did: dict[Program, list[str]] = field(default_factory=dict)

    def note(self, program: Program, did: list[str]) -> None:
        """The program did all of `did` well."""
        self.did[program] = did

    @property
    def complete(self) -> bool:
        """Whether every program has been run, and well."""
        return len(self.did) == len(PROGRAMS)

    def written(self) -> str:
        """The table."""
        head = "\n| program | version | language | dialect | from | did |\n|---|---|---|---|---|---|\n"
        left_out = [f"- {name}: {reason}\n" for name, reason in sorted(LEFT_OUT.items())]
        return head + "".join(self._rows()) + "\n" + ("Not run:\n\n" + "".join(left_out) + "\n" if left_out else "")

    def _rows(self) -> list[str]:
        in_order = sorted(self.did.items(), key=lambda item: (item[0].language, item[0].name, item[0].version))
        return [
            f"| {each.name} | {each.version} | {each.language} | {each.dialect} | {each.source} | {', '.join(did)} |\n"
            for each, did in in_order
        ]

    def agrees(self) -> bool:
        """Whether the page has the rows of all programs that were run."""
        page = PAGE.read_text()
        return all(row in page for row in self._rows())

    def keep(self) -> bool:
        """Write the table into the page. Returns whether it stood there already."""
        page = PAGE.read_text()
        PAGE.write_text(_BETWEEN.sub(lambda _: self.written(), page))
        return PAGE.read_text() == page
