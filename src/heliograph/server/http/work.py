"""What the server has done since its start, for Prometheus, read from those who did it when it is asked for."""

from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from heliograph.server.limits import Limits
from heliograph.server.ports import Limiter
from heliograph.server.uploads import Counted


class Jobs(Protocol):
    """What the image workers count."""

    jobs: int
    kills: int
    deaths: int
    waiting: int


class Work:
    """What uploads and image workers have done, and limits have not, as Prometheus metrics."""

    def __init__(self, jobs: Jobs, uploads: Counted, limits: Limits, limiter: Limiter) -> None:
        self._jobs = jobs
        self._uploads = uploads
        self._limits = limits
        self._limiter = limiter

    def collect(self) -> list[CounterMetricFamily | GaugeMetricFamily]:
        """The present figures (prometheus_client's collector protocol)."""
        jobs, uploads = self._jobs, self._uploads
        refusals = CounterMetricFamily(
            "heliograph_limit_refusals",
            "Requests refused, by whose counter was used up; by several, where several were.",
            labels=["by"],
        )
        for by in ("address", "application", "account"):
            refusals.add_metric([by], self._limits.refusals[by])
        return [
            CounterMetricFamily("heliograph_uploads", "Images published.", value=uploads.images),
            CounterMetricFamily("heliograph_upload_bytes", "Bytes of images published.", value=uploads.bytes),
            CounterMetricFamily("heliograph_image_jobs", "Pictures inspected or rendered.", value=jobs.jobs),
            CounterMetricFamily(
                "heliograph_image_kills", "Image workers killed for taking too long.", value=jobs.kills
            ),
            CounterMetricFamily("heliograph_image_deaths", "Image workers that died.", value=jobs.deaths),
            GaugeMetricFamily("heliograph_image_waiting", "Pictures waiting for a worker.", value=jobs.waiting),
            CounterMetricFamily(
                "heliograph_limits_let_through",
                "Requests let through uncounted because Valkey was away.",
                value=self._limiter.let_through,
            ),
            refusals,
        ]
