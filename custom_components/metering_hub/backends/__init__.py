"""The available backends."""

from collections.abc import Mapping

from . import bemserver, besmart, dsmr_reader, milesight
from .base import BackendSpec

BACKENDS: Mapping[str, BackendSpec] = {
    spec.key: spec
    for spec in (besmart.SPEC, bemserver.SPEC, dsmr_reader.SPEC, milesight.SPEC)
}
"""The specs of all backends by key."""
