"""What is learnt of questions and the texts that answer them."""

from __future__ import annotations

from nlpcli.engine.io.header_fields import Field, settings_of
from nlpcli.engine.io.schema import FINITE, Array, Schema
from nlpcli.settings.questions import ReaderSettings

READER = Schema(
    {"settings": Field(settings_of(ReaderSettings), default=ReaderSettings())},
    {"weights": Array("float32", ("buckets",), FINITE)},
    sizes=lambda fields: {"buckets": fields["settings"].buckets},
    never_empty=("buckets",),
)
