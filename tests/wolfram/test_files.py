"""Every file of the paclet is read by an interpreter, those too that only Wolfram's own can use."""

from pathlib import Path

from tests.repository.tree import PROJECT, files
from tests.wolfram.interpreter import KERNEL, PACLET, run, show

PALETTE = PACLET / "FrontEnd" / "Palettes" / "Heliograph.nb"


def test_every_file_is_one_that_these_tests_read() -> None:
    assert {path for path in files() if path.is_relative_to(PACLET)} == {
        *(KERNEL / name for name in ("Heliograph.wl", "Curl.wl", "URLRead.wl")),
        PALETTE,
        PACLET / "PacletInfo.wl",
        PACLET / "README.md",
    }


def test_a_file_that_is_cut_short_would_be_noticed(tmp_path: Path) -> None:
    whole = (KERNEL / "URLRead.wl").read_text()
    (tmp_path / "cut.wl").write_text(whole[: whole.index("TimeConstraint")])
    assert any(line.startswith("Syntax::") for line in run(tmp_path, f'Get["{tmp_path}/cut.wl"];'))


def test_what_only_wolframs_interpreter_can_use_defines_what_it_should(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        f'Begin["Heliograph`Private`"]; Get["{KERNEL / "URLRead.wl"}"]; End[];',
        show("Map[Length[DownValues[#]] &, {Heliograph`Private`send, HeliographPublishSelection}]"),
        *(
            show(f"FreeQ[DownValues[Heliograph`Private`send], Heliograph`Private`{option} -> False]")
            for option in ("FollowRedirects", "Interactive")
        ),
    )
    assert lines == ["{1, 1}", "False", "False"]


def test_the_paclet_has_the_version_of_everything_else(tmp_path: Path) -> None:
    lines = run(
        tmp_path, f'p = Get["{PACLET / "PacletInfo.wl"}"];', show('{Head[p], p[[1]]["Name"], p[[1]]["Version"]}')
    )
    assert lines == [f"{{PacletObject, Heliograph, {PROJECT['project']['version']}}}"]


def test_the_palette_is_a_notebook_whose_button_publishes_the_selection(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        f'n = Get["{PALETTE}"];',
        show("Head[n]"),
        show("Cases[n, (ButtonFunction :> f_) :> FreeQ[Hold[f], HeliographPublishSelection], Infinity]"),
    )
    assert lines == ["Notebook", "{False}"]
