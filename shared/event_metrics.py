"""What operators see of the event backbone in Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class EventMetrics:
    """Counters and gauges of one service's events."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.published = Counter("shareload_events_published_total", "Events put on the stream.", registry=registry)
        self.handled = Counter(
            "shareload_events_handled_total",
            "Events taken from the stream, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self.failed = Counter(
            "shareload_event_failures_total", "Failed tries to handle an event.", ["type"], registry=registry
        )
        self.dead = Counter(
            "shareload_events_dead_total", "Events given up and kept as dead letters.", ["type"], registry=registry
        )
        self.timers = Counter(
            "shareload_timer_runs_total", "Runs of timers, by outcome.", ["timer", "outcome"], registry=registry
        )
        self.set_aside = Gauge(
            "shareload_set_aside", "Rows that a timer could not bring on, and tries again.", registry=registry
        )
        self.workers = Counter(
            "shareload_worker_faults_total", "Faults that ended a worker, which was begun again.", registry=registry
        )
        self.outbox_waiting = Gauge("shareload_outbox_waiting", "Events told and not published.", registry=registry)
        self.outbox_age = Gauge(
            "shareload_outbox_age_seconds", "Age of the oldest event not published.", registry=registry
        )
        self.consumer_lag = Gauge("shareload_consumer_lag", "Events on the stream and not handled.", registry=registry)
        self.leader = Gauge("shareload_leader", "Whether this process holds the service's lease.", registry=registry)
