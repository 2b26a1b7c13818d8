"""Where HTML shows pictures, held to what a real browser's rules say."""

import pytest

from heliograph.documents.html import pictures

PNG = "data:image/png;base64,AAAA"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f'<p><img src="{PNG}" alt="a"></p>', [(PNG, "a")]),
        (f"<IMG class=b SRC='{PNG}'/>", [(PNG, "")]),
        (f"<img src={PNG} alt=a>", [(PNG, "a")]),
        (f'<img\n  alt="a > b &lt;"\n  src = "{PNG}"\n>', [(PNG, "a > b <")]),
        (f'<img alt src="{PNG}" src="other">', [(PNG, "")]),
        ('<img src="data:image/svg+xml,&lt;svg&gt;&amp;&lt;/svg&gt;">', [("data:image/svg+xml,<svg>&</svg>", "")]),
        (f'<img data-src="{PNG}"><img alt="a">', []),
        (f'<!-- <img src="{PNG}"> -->', []),
        (f"<script>x = '<img src=\"{PNG}\">'</script><style>a {{ b: url({PNG}) }}</style>", []),
        (f'é\n\r\né <img src="{PNG}">', [(PNG, "")]),
        (f'<img src src="{PNG}">', []),
        (f'<![a](b) <img src="other"><img src="{PNG}">', [(PNG, "")]),
        (f'<![1 <img src="{PNG}"', []),
        ('<img src="" alt="a">', [("", "a")]),
    ],
)
def test_what_is_a_picture(text: str, shown: list[tuple[str, str]]) -> None:
    assert [(each.address, each.alt) for each in pictures(text)] == shown


def test_the_place_of_an_address_is_where_it_is_written() -> None:
    text = f"<p>\n\n<img alt='\n' src = '{PNG}'><img src={PNG}>"
    assert [text[each.start : each.end] for each in pictures(text)] == [PNG, PNG]
