"""That an erased person is nobody here."""

from shared.events.base import told
from shared.events.erasures import ErasureFinished


@told
class MonitoringErasureFinishedV1(ErasureFinished):
    """The monitoring service holds nothing any more that says who an erased person was."""

    type = "monitoring.erasure.finished.v1"
