"""U1 to U7: uploads, each acknowledged only when the picture is decoded, stored durably and recorded."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.controls import Nginx, unavoidable_seconds
from bench.load import Job, Outcome, run
from bench.pictures import variants
from bench.report import Row, ratio, spread
from bench.scale import Scale
from bench.server import MemoryWatch, Server

GOALS = {"small": ("U1", 0.20, 0.25), "medium": ("U2", 0.08, 0.5), "large": ("U3", 0.16, 0.5)}
"""kind -> row, share of nginx PUT, share of the server's CPU that is unavoidable."""

WARM_UP = 16
"""Uploads before the clock starts, so that worker processes are there; their pictures are not measured."""

BASE64 = ("imgur_v3 base64", "imgur_v2 base64", "imgur_v1 base64", "stack_mobile base64")
DIALECTS = ("imgur_v3", "imgur_v2", "imgur_v1", "stack_web", *BASE64)


@dataclass
class _Rounds:
    """What the rounds of one kind of picture gave, round by round."""

    ours: list[Outcome] = field(default_factory=list)
    nginx: list[Outcome] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    unavoidable: list[float] = field(default_factory=list)


def uploads(kind: str, scale: Scale, nginx: Nginx) -> Iterator[Row]:
    """U1, U2 or U3 with the figures of U4 and U5 for that kind: a fresh server each round, nginx beside it."""
    count = scale.uploads[kind]
    pictures = variants(kind, count + WARM_UP)
    rounds = _Rounds()
    for _ in range(scale.rounds):
        with Server() as server:
            server.upload(pictures[count:], 4)
            before = server.cpu()
            outcome = server.upload(pictures[:count], 16)
            rounds.cpu.append((server.cpu() - before) / count)
            rounds.ours.append(outcome)
        rounds.nginx.append(_put(nginx, pictures[:count], scale.puts[kind]))
        rounds.unavoidable.append(unavoidable_seconds(pictures[: scale.sample], nginx.root))
    yield from _rows(kind, rounds)


def _put(nginx: Nginx, pictures: list[Path], count: int) -> Outcome:
    """The same bytes by WebDAV PUT into nginx, at least `count` times under new names.

    That many, because the first thousand small files into an empty folder go six times faster than those after them.
    """
    nginx.forget_uploads()
    repeats = -(-count // len(pictures))
    outcome = run(Job(nginx.port, "put", [str(path) for path in pictures] * repeats, 16, 201))
    nginx.forget_uploads()
    return outcome


def _rows(kind: str, rounds: _Rounds) -> Iterator[Row]:
    name, share, efficiency = GOALS[kind]
    ours = [outcome.rate for outcome in rounds.ours]
    control = [outcome.rate for outcome in rounds.nginx]
    remark = _failures(*rounds.ours, *rounds.nginx)
    yield Row(
        name,
        f"{kind}, c16",
        spread(ours, "/s"),
        "nginx PUT " + spread(control, "/s"),
        ratio(ours, control),
        share,
        remark=remark,
    )
    cpu, needed = [value * 1000 for value in rounds.cpu], [value * 1000 for value in rounds.unavoidable]
    yield Row(
        "U4",
        f"{kind}, CPU a picture",
        spread(cpu, " ms"),
        "unavoidable " + spread(needed, " ms"),
        ratio(needed, cpu),
        efficiency,
    )
    p50 = [outcome.percentile(0.5) for outcome in rounds.ours]
    p99 = [outcome.percentile(0.99) for outcome in rounds.ours]
    yield Row(
        "U5",
        f"{kind}, c16, p99 / p50",
        f"p50 {spread(p50)}, p99 {spread(p99)} ms",
        "itself",
        ratio(p99, p50),
        3.0,
        "at most",
    )


def crowd(scale: Scale) -> Iterator[Row]:
    """U5, second half: 256 connections at once, and nobody is turned away."""
    for kind in ("medium", "large"):
        pictures = variants(kind, scale.crowd[kind])
        with Server() as server:
            outcome = server.upload(pictures, 256)
        p50, p99 = outcome.percentile(0.5), outcome.percentile(0.99)
        yield Row(
            "U5",
            f"{kind}, c256, failures",
            f"{sum(outcome.failures.values())} of {len(pictures)}",
            "none",
            sum(outcome.failures.values()),
            0,
            "at most",
            remark=f"{outcome.rate:.3g}/s, p50 {p50:.0f}, p99 {p99:.0f} ms; {_failures(outcome)}".removesuffix("; "),
        )


def memory(scale: Scale) -> Iterator[Row]:
    """U6: the highest summed PSS of the process tree while 64 connections send large pictures."""
    pictures = variants("large", scale.crowd["large"])
    peaks, remarks = [], []
    for _ in range(scale.memory_rounds):
        with Server() as server, MemoryWatch(server.pid) as watch:
            remarks.append(server.upload(pictures, 64))
        peaks.append(watch.peak)
    yield Row(
        "U6",
        "peak PSS, large, c64",
        spread(peaks, " MB"),
        "absolute",
        median(peaks),
        250,
        "at most",
        "MB",
        _failures(*remarks),
    )


def dialects(scale: Scale) -> Iterator[Row]:
    """U7: each foreign dialect against the native one, medium pictures at c16, a fresh data folder each."""
    count = scale.dialects
    pictures = variants("medium", count + WARM_UP)
    outcomes: dict[str, list[Outcome]] = {shape: [] for shape in ("native", *DIALECTS)}
    for _ in range(scale.rounds):
        for shape, gathered in outcomes.items():
            with Server() as server:
                server.upload(pictures[count:], 4)
                gathered.append(server.upload(pictures[:count], 16, shape))
    native = [outcome.rate for outcome in outcomes["native"]]
    for shape in DIALECTS:
        rates = [outcome.rate for outcome in outcomes[shape]]
        yield Row(
            "U7",
            f"{shape}, medium, c16",
            spread(rates, "/s"),
            "native " + spread(native, "/s"),
            ratio(rates, native),
            0.65 if shape in BASE64 else 0.85,
            remark=_failures(*outcomes[shape], *outcomes["native"]),
        )


def _failures(*outcomes: Outcome) -> str:
    """What went wrong in any of the rounds, or nothing."""
    found = [f"{number} x {what}" for outcome in outcomes for what, number in outcome.failures.items()]
    return "failures: " + ", ".join(found) if found else ""
