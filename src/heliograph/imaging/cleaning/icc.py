"""Colour profiles: keeps what is a profile, to the last byte of its own declared length, and nothing else.

Facts: ICC.1:2022, section 7.2 (header, 128 bytes) and 7.3 (tag table).
"""

HEADER = 128
_ENTRY = 12
_MOST_TAGS = 200


def sound(profile: bytes) -> bytes | None:
    """The profile without what follows its declared length; None where it is no profile."""
    if len(profile) < HEADER + 4 or profile[36:40] != b"acsp":
        return None
    size = int.from_bytes(profile[:4], "big")
    tags = int.from_bytes(profile[HEADER : HEADER + 4], "big")
    if not HEADER + 4 + _ENTRY * tags <= size <= len(profile) or not 0 < tags <= _MOST_TAGS:
        return None
    for start in range(HEADER + 4, HEADER + 4 + _ENTRY * tags, _ENTRY):
        offset = int.from_bytes(profile[start + 4 : start + 8], "big")
        length = int.from_bytes(profile[start + 8 : start + 12], "big")
        if offset < HEADER or offset + length > size:
            return None
    return profile[:size]
