"""The Range header (RFC 9110, section 14.2): one range is a slice, anything else the whole or a 416."""

from hypothesis import given
from hypothesis import strategies as st

from belsimple.web.downloads import RangeNotSatisfiable, range_of

NUMBER = st.integers(0, 120)


def _sliced(header: str, content: bytes) -> bytes | None:
    try:
        found = range_of(header, len(content))
    except RangeNotSatisfiable:
        return None
    return content if found is None else content[found[0] : found[1]]


@given(content=st.binary(max_size=100), first=NUMBER, last=NUMBER)
def test_from_first_to_last(content: bytes, first: int, last: int) -> None:
    expected = content if last < first else content[first : last + 1] or None
    assert _sliced(f"bytes={first}-{last}", content) == expected


@given(content=st.binary(max_size=100), first=NUMBER)
def test_from_first(content: bytes, first: int) -> None:
    assert _sliced(f"bytes={first}-", content) == (content[first:] or None)


@given(content=st.binary(max_size=100), length=NUMBER)
def test_the_last_so_many(content: bytes, length: int) -> None:
    assert _sliced(f"bytes=-{length}", content) == (
        content[max(0, len(content) - length) :] if length and content else None
    )


@given(header=st.text(max_size=30))
def test_any_header_is_a_stretch_of_the_file_or_refused(header: str) -> None:
    sliced = _sliced(header, b"0123456789")
    assert sliced is None or sliced in b"0123456789"
