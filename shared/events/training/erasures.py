"""What is told of erasures."""

from shared.events.base import told
from shared.events.erasures import ErasureFinished


@told
class TrainingErasureFinishedV1(ErasureFinished):
    """The training service holds nothing any more that says who an erased person was."""

    type = "training.erasure.finished.v1"
