"""How much is measured: enough for honest medians, or just enough to see that everything runs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """rounds: alternations of A and B. Counts are of pictures or requests; seconds are of one GET round."""

    rounds: int
    uploads: dict[str, int]
    puts: dict[str, int]
    sample: int
    crowd: dict[str, int]
    memory_rounds: int
    dialects: int
    files: dict[str, int]
    seconds: float
    cold: int
    starts: int


FULL = Scale(
    rounds=5,
    uploads={"small": 800, "medium": 240, "large": 64},
    puts={"small": 9600, "medium": 1440, "large": 320},
    sample=16,
    crowd={"medium": 512, "large": 256},
    memory_rounds=3,
    dialects=160,
    files={"small": 64, "medium": 64},
    seconds=3.0,
    cold=24,
    starts=5,
)
QUICK = Scale(
    rounds=1,
    uploads={"small": 64, "medium": 32, "large": 12},
    puts={"small": 1600, "medium": 240, "large": 48},
    sample=6,
    crowd={"medium": 256, "large": 64},
    memory_rounds=1,
    dialects=24,
    files={"small": 16, "medium": 16},
    seconds=0.5,
    cold=8,
    starts=1,
)
