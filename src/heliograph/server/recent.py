"""What was used lately, within a bounded amount of memory."""

import time
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Values by key: at most `room` units of weight, each for at most `seconds`.

    Where there is no room, the one used longest ago goes first.
    """

    def __init__(self, room: int, seconds: float = float("inf")) -> None:
        self._room = room
        self._seconds = seconds
        self._kept: OrderedDict[str, tuple[float, int, T]] = OrderedDict()
        self._weight = 0

    def __contains__(self, key: str) -> bool:
        found = self._kept.get(key)
        return found is not None and found[0] >= time.monotonic()

    def __getitem__(self, key: str) -> T:
        """The value; ask `in` first."""
        self._kept.move_to_end(key)
        return self._kept[key][2]

    def get(self, key: str) -> T | None:
        """The value, or None."""
        if key not in self:
            return None
        return self[key]

    def put(self, key: str, value: T, weight: int = 1) -> None:
        """Remember a value; one that is heavier than all the room is not kept."""
        self.forget(key)
        if weight > self._room:
            return
        self._kept[key] = (time.monotonic() + self._seconds, weight, value)
        self._weight += weight
        while self._weight > self._room:
            self._weight -= self._kept.popitem(last=False)[1][1]

    def forget(self, key: str) -> None:
        """Remember the key no longer; it need not be there."""
        found = self._kept.pop(key, None)
        if found is not None:
            self._weight -= found[1]
