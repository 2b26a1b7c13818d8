"""Writes the pages of docs/ that are made from the code: settings.md and failures.md. Run by `make docs`."""

from pathlib import Path

from heliograph.server.config import described
from heliograph.server.errors import CATALOGUE
from heliograph.server.http import (
    imgur_oauth1,
    imgur_v1,
    imgur_v2_words,
    imgur_v3_words,
    native,
    stack_mobile,
    stack_web,
)

DOCS = Path(__file__).parents[1] / "docs"

SETTINGS = """\
# Settings

This page is generated from `src/heliograph/server/config.py` by `make docs`. None is needed on one machine.

A setting is an option of `heliograph serve`, a variable, or a line of the TOML file that `HELIOGRAPH_CONFIG` names (the
option's name with underscores: `max_bytes = "20 MiB"`). Options win over variables, variables over the file.

| variable | option | default | meaning |
|---|---|---|---|
"""

FAILURES = """\
# Failures

This page is generated from `src/heliograph/server/errors.py` and the dialects' tables by `make docs`. A failure has a
name; each dialect answers it in its own words. Native answers are problem details (RFC 9457) that carry the name. Imgur
v1 has numbers of its own, v2 has none; Imgur v3 has a number only for uploads of a wrong type or size. The Stack
Exchange form has these statuses in JSON, which are its `Error` too; in HTML a refusal is 200. The mobile API is HTTP
400 always.

| name | what it says | native | Imgur v1: number, status | v2: status | v3: status, number \
| OAuth 1.0a: status, problem | SE form | SE mobile API |
|---|---|---|---|---|---|---|---|---|
"""


def settings() -> str:
    """The text of settings.md."""
    rows = (
        f"| `{each.variable}` | `{each.option}` | {each.default or 'empty'} | {each.help} |" for each in described()
    )
    return SETTINGS + "\n".join(rows) + "\n"


def failures() -> str:
    """The text of failures.md."""
    rows = []
    for each in CATALOGUE:
        name = each.__name__
        number, v1_status, _ = imgur_v1.ANSWERS[name]
        v2_status, _ = imgur_v2_words.ANSWERS[name]
        v3_status, _, code = imgur_v3_words.ANSWERS[name]
        in_v3 = f"{v3_status}, {code}" if code else str(v3_status)
        form, (error_id, _) = stack_web.ANSWERS[name][0], stack_mobile.ANSWERS[name]
        in_mobile = f"{error_id} {stack_mobile.NAMES[error_id]}"
        in_oauth1 = "{}, {}".format(*imgur_oauth1.ANSWERS[name])
        answers = (native.STATUS[name], f"{number}, {v1_status}", v2_status, in_v3, in_oauth1, form, in_mobile)
        rows.append(f"| {name} | {each.message} | {' | '.join(map(str, answers))} |")
    return FAILURES + "\n".join(rows) + "\n"


PAGES = {"settings.md": settings, "failures.md": failures}

if __name__ == "__main__":
    for name, text in PAGES.items():
        (DOCS / name).write_text(text())
