"""What stands around the node's heart: its memory, cameras, ways out; `app` builds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from handfast.audit.ports import LogStore
from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.model.camera import Site
from handfast.model.signal import LeaseTerms
from handfast.node.metrics import NodeMetrics
from handfast.node.ports import (
    Accesses,
    Bell,
    Drawings,
    LiveTracks,
    Observer,
    Periods,
    Recorder,
    Requests,
    SegmentBytes,
    Segments,
    Serials,
    Signals,
    ToHub,
    Viewers,
)
from handfast.node.redaction.areas import ProtectedAreas
from handfast.node.signals.panels import Panel
from handfast.node.trust import Trusted
from handfast.node.usecases.redact_range import Workshop
from handfast.seal.identity import SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Everything durable."""

    log: LogStore
    signals: Signals
    serials: Serials
    requests: Requests
    drawings: Drawings
    accesses: Accesses
    segments: Segments
    files: SegmentBytes
    periods: Periods


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything around the heart.

    Attributes:
        key: The node's signing key, which signs the owner's log too.
        origin: Name of the owner's log.
        trusted: Returns what is believed now.
        panels: By id.
        areas: What is protected in each camera's picture; `workshop` and `live_tracks` make
            their pictures by it.
    """

    site: Site
    owner_root: bytes
    key: SigningKey
    origin: str
    clock: Clock
    ids: Ids
    trusted: Callable[[], Trusted]
    panels: Mapping[str, Panel]
    terms: LeaseTerms
    stores: Stores
    hub: ToHub
    recorder: Recorder
    live_tracks: LiveTracks
    areas: ProtectedAreas
    workshop: Workshop
    viewers: Viewers
    observer: Observer
    bell: Bell
    metrics: NodeMetrics
