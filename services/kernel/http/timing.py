"""How long answers took, by route: a histogram that costs half a microsecond to feed, read by the metrics endpoint."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from prometheus_client import REGISTRY
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
NAME: Final = "kith_request_seconds"
_LABELS: Final = ("service", "method", "route", "status")


class Timing:
    """One service's requests. Routes are templates, so the number of series is bounded; unknown addresses are `-`."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._series: dict[tuple[str, str, int], list[float]] = {}
        """Per series: a count per bucket, one for what is slower, and the sum of seconds."""
        _COLLECTOR.timings[service] = self

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one answer."""
        series = self._series.get((method, route, status)) or self.series(method, route, status)
        series[bisect_left(BUCKETS, seconds)] += 1
        series[-1] += seconds

    def series(self, method: str, route: str, status: int) -> list[float]:
        """The numbers of one series, for who feeds it often: add 1 at `bisect_left(BUCKETS, s)` and s to the last."""
        return self._series.setdefault((method, route, status), [0.0] * (len(BUCKETS) + 2))

    def into(self, family: HistogramMetricFamily) -> None:
        """Adds this service's series to the answer of a metrics endpoint."""
        for (method, route, status), series in sorted(self._series.items()):
            buckets, running = [], 0.0
            for bound, count in zip((*(str(b) for b in BUCKETS), "+Inf"), series, strict=False):
                running += count
                buckets.append((bound, running))
            family.add_metric((self._service, method, route, str(status)), buckets=buckets, sum_value=series[-1])


class _Requests(Collector):
    """All services of this process, as one metric."""

    def __init__(self) -> None:
        self.timings: dict[str, Timing] = {}

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """The metric with everybody's series."""
        family = HistogramMetricFamily(NAME, "Time to answer, by route template.", labels=_LABELS)
        for timing in list(self.timings.values()):
            timing.into(family)
        yield family


_COLLECTOR: Final = _Requests()
REGISTRY.register(_COLLECTOR)
