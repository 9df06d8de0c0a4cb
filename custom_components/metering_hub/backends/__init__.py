"""The registry of backends: one line each."""

from collections.abc import Mapping

from . import bemserver, besmart, dsmr_reader, milesight
from .base import BackendSpec

BACKENDS: Mapping[str, BackendSpec] = {
    spec.key: spec
    for spec in (besmart.SPEC, bemserver.SPEC, dsmr_reader.SPEC, milesight.SPEC)
}
