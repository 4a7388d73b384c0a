"""What the benchmarks' ratios stand on: complete answers only, and rounds judged one by one."""

import pytest

from bench.load import Answers, Load, LoadError, answer_size, quantile
from bench.measure import Sample, by_cpu, by_rate, compare


def test_an_answer_is_as_long_as_its_head_says() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    assert answer_size(head + b"12") == len(head) + 5


def test_an_incomplete_head_has_no_size_yet() -> None:
    assert answer_size(b"HTTP/1.1 200 OK\r\nContent-Le") is None


def test_an_answer_without_a_length_is_refused() -> None:
    with pytest.raises(LoadError):
        _ = answer_size(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_no_content_needs_no_length() -> None:
    head = b"HTTP/1.1 204 No Content\r\n\r\n"
    assert answer_size(head) == len(head)


@pytest.mark.parametrize(("connections", "seconds"), [(0, 1.0), (65, 1.0), (1, 0.0), (1, 121.0)])
def test_a_load_without_bounds_is_refused(connections: int, seconds: float) -> None:
    with pytest.raises(LoadError):
        _ = Load(1, lambda _: b"", status=200, connections=connections, seconds=seconds)


def test_the_rate_counts_answers_over_the_time_they_took() -> None:
    assert Answers(latencies=[0.1, 0.3, 0.2, 0.4], elapsed=2.0).rate == pytest.approx(2.0)


def test_quantiles_are_values_that_were_seen() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert (quantile(values, 0.5), quantile(values, 0.99), quantile([7.0], 0.99)) == (51.0, 100.0, 7.0)


def test_sides_alternate_and_the_median_round_is_the_value() -> None:
    ran: list[str] = []
    rates = iter([9.0, 1.0, 2.0, 3.0, 4.0, 5.0])  # the first is the warm-up

    def ours(_: float) -> Sample:
        ran.append("ours")
        return Sample(rate=next(rates))

    def peer(_: float) -> Sample:
        ran.append("peer")
        return Sample(rate=2.0)

    figures = compare("name", 2.0, ours, peer, value=by_rate, seconds=1.0, rounds=5)
    assert ran == ["ours", "peer"] * 6
    assert (figures.low, figures.value, figures.high) == (0.5, 1.5, 2.5)
    assert not figures.met


def test_less_processor_time_than_the_peer_is_a_ratio_above_one() -> None:
    assert by_cpu(Sample(rate=1.0, cpu=0.5), Sample(rate=9.0, cpu=1.0)) == pytest.approx(2.0)
