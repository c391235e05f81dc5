"""What is told of export files."""

from shared.events.base import Event, Operational, Public, told


@told
class ExportWrittenV1(Event):
    """A file of certificates, or of their changes, is there to be fetched; it holds the feed up to `cursor_to`."""

    type = "training.export.written.v1"

    id: Public[str]
    schedule: Public[str]
    file: Operational[str]
    rows: Operational[int]
    sha256: Operational[str]
    cursor_to: Operational[str]


@told
class ExportFailedV1(Event):
    """A file could not be written, and is not tried again; the next one takes over what it would have held."""

    type = "training.export.failed.v1"

    id: Public[str]
    schedule: Public[str]
    error: Operational[str]
