"""What is told of erasures."""

from shared.events.base import told
from shared.events.erasures import ErasureFinished


@told
class PolicyErasureFinishedV1(ErasureFinished):
    """The policy service holds nothing any more that says who an erased person was."""

    type = "policy.erasure.finished.v1"
