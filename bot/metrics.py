"""Numbers for operators, as Prometheus reads them at ``/metrics``. Labels never name a person or an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_ANSWER_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""A person waits for these: fine steps up to a second."""

_JOB_BUCKETS_S: Final = (0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The instruments of one process, in a registry of their own: a test or a second shop starts at zero.

    Attributes:
        letters_handled: What came in and was handled. Labels: channel, or where else it came from; outcome.
        letter_seconds: From taking a message out of the inbox to its answer being shown.
        messages_sent: News to people. Labels: channel; outcome.
        gateway_callbacks: Callbacks. Labels: gateway; outcome.
        supplier_callbacks: The same of suppliers. Labels: supplier; outcome.
        job_seconds: Runs of scheduled jobs. Labels: job.
        queue_depth: What waits, as last counted. Labels: queue.
    """

    registry: CollectorRegistry
    letters_handled: Counter
    letter_seconds: Histogram
    messages_sent: Counter
    gateway_callbacks: Counter
    supplier_callbacks: Counter
    job_seconds: Histogram
    queue_depth: Gauge

    @classmethod
    def new(cls) -> Self:
        """Instruments at zero, beside the process's own memory, processor time and open files."""
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)

        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(name, told, labels, registry=registry)

        def histogram(name: str, told: str, buckets: Sequence[float], *labels: str) -> Histogram:
            return Histogram(name, told, labels, buckets=buckets, registry=registry)

        return cls(
            registry,
            letters_handled=counter("kapu_letters_handled", "Messages handled.", "channel", "outcome"),
            letter_seconds=histogram(
                "kapu_letter_seconds", "From taking a message to showing its answer.", _ANSWER_BUCKETS_S
            ),
            messages_sent=counter("kapu_messages_sent", "News to people.", "channel", "outcome"),
            gateway_callbacks=counter("kapu_gateway_callbacks", "Gateways' callbacks.", "gateway", "outcome"),
            supplier_callbacks=counter(
                "kapu_supplier_callbacks", "Suppliers' callbacks.", "supplier", "outcome"
            ),
            job_seconds=histogram("kapu_job_seconds", "Runs of scheduled jobs.", _JOB_BUCKETS_S, "job"),
            queue_depth=Gauge("kapu_queue_depth", "What waits in a queue.", ["queue"], registry=registry),
        )

    def render(self) -> bytes:
        """All of it, in Prometheus' text format (``CONTENT_TYPE_LATEST``)."""
        return generate_latest(self.registry)
