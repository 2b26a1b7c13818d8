"""How each known program reads the answer of the Stack Exchange upload form: its own parsing, said again in Python.

Each takes an answer and gives the link, or raises Refused with what the program would show. Which program does what
stands in the wire page stackexchange-web, section 5.
"""

import json
import re
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser

import httpx2


class Refused(Exception):  # noqa: N818 - it is no error here
    """The program tells its user that the upload failed."""


def palette_of_2012(answer: httpx2.Response) -> str:
    """szhorvat/SEUploader: two lines by how they begin, up to the semicolon, quotes stripped."""
    assert answer.status_code == 200
    said = {}
    for line in answer.text.splitlines():
        for name in ("error", "result"):
            if line.startswith(begin := f"var {name} = "):
                said[name] = line.removeprefix(begin).partition(";")[0].strip("'\"")
    if said["result"].startswith("http"):
        return said["result"]
    raise Refused(said["error"])


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "script":
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script":
            self.found[-1] += data


def scripts(page: str) -> list[str]:
    """The texts of the page's script elements."""
    parser = _Scripts()
    parser.feed(page.replace("</script>", "</script><p>"))
    return parser.found


def palette_of_2013(answer: httpx2.Response) -> str:
    """halirutan's palettes of 2013 to 2020: the one script; a function of the parent, and its argument, greedily."""
    [script] = scripts(answer.text)
    called = re.fullmatch(r"window\.parent\.(\w+)\((.*)\);.*", script.strip(), re.DOTALL)
    assert called, script
    argument = re.fullmatch(r'"(.*)"', called[2])
    assert argument, f"more than one call in the script, or no text in it: {called[2]}"
    if called[1] == "closeDialog":
        return argument[1]
    raise Refused(argument[1])


def dark_theme(answer: httpx2.Response) -> str:
    """se-chat-dark-theme-plus."""
    found = re.search(r"var result = '(.+)'", answer.text)
    if found is None:
        raise Refused
    return found[1]


def sochat4j(answer: httpx2.Response) -> str:
    """The Java chat client: any quoted text behind `var error =` is a failure, even an empty one."""
    assert answer.status_code == 200
    if found := re.search(r"var error = '(.*?)';", answer.text):
        raise Refused(found[1])
    result = re.search(r"var result = '(.*?)';", answer.text)
    assert result
    return result[1]


def tragic(answer: httpx2.Response) -> str:
    """gingershaped's Tragic 2 takes the match of the result without asking whether there is one."""
    result = re.search(r"var result = '(.*)'", answer.text)
    error = re.search(r"var error = (?:null|'(.*)')", answer.text)
    assert result
    assert error
    if error[1] is not None:
        raise Refused(error[1])
    return result[1]


def first_http(answer: httpx2.Response) -> str:
    """SheetToSO (Google Apps Script): from the first "http" to the next double quote."""
    found = re.search(r'(http[^"]*)"', answer.text)
    if found is None:
        raise Refused
    return found[1]


def first_quoted(answer: httpx2.Response) -> str:
    """afeiship's React component: the first text in double quotes, which ends in /ID.ext."""
    found = re.search(r'"([^"]*)"', answer.text)
    assert found
    if not re.search(r"/\w+\.\w+\Z", found[1]):
        raise Refused(found[1])
    return found[1]


_AS_ES5 = """
const {parse} = require("internal/deps/acorn/acorn/dist/acorn");
const found = {};
for (const statement of parse(require("fs").readFileSync(0, "utf8"), {ecmaVersion: 5}).body)
  for (const each of statement.declarations || []) found[each.id.name] = each.init.value;
console.log(JSON.stringify(found));
"""


def go_sechat(answer: httpx2.Response) -> str:
    """nathan-osman/go-sechat parses the script as ECMAScript 5 (here by the parser that Node brings along)."""
    [script] = scripts(answer.text)
    parsed = subprocess.run(
        ["node", "--expose-internals", "-e", _AS_ES5], input=script, capture_output=True, text=True, check=True
    )
    said = json.loads(parsed.stdout)
    if said["error"]:
        raise Refused(said["error"])
    link: str = said["result"]
    return link


def comment_upload(answer: httpx2.Response) -> str:
    """userscripters/comment-image-upload, and the axios uploaders that read the same two members."""
    if not answer.is_success or not answer.json()["Success"]:
        raise Refused(answer.json()["ErrorMessage"])
    link: str = answer.json()["UploadedImage"]
    return link


def stacks_editor(answer: httpx2.Response) -> str:
    """StackExchange/Stacks-Editor: `ok`, then one member."""
    if not answer.is_success:
        raise Refused
    link: str = answer.json()["UploadedImage"]
    return link


HTML_READERS: dict[str, Callable[[httpx2.Response], str]] = {
    each.__name__: each
    for each in (
        palette_of_2012, palette_of_2013, dark_theme, sochat4j, tragic, first_http, first_quoted, go_sechat,
    )
}  # fmt: skip
"""Every reader of the HTML forms that runs no script. Those that run it are tried in a browser."""
