"""The node's folders and databases, opened."""

from dataclasses import dataclass
from pathlib import Path

from handfast.kit.ids import Ids
from handfast.media.units import StreamKey
from handfast.model.media import Stream
from handfast.node.config import NodeConfig
from handfast.node.outside import Stores
from handfast.seal.format import NO_PREDECESSOR
from handfast.storage.files import make_directory, read_or_create_key
from handfast.storage.outbox import Outbox
from handfast.storage.retention import Retention
from handfast.storage.segment_files import SegmentFiles
from handfast.storage.segment_index import SegmentIndex
from handfast.storage.segments import Recording
from handfast.storage.sqlite_drawings import SqliteDrawings
from handfast.storage.sqlite_log import SqliteLog
from handfast.storage.sqlite_node import (
    SqliteAccesses,
    SqliteRequests,
    SqliteSerials,
    SqliteSignals,
    open_node_database,
)
from handfast.storage.sqlite_periods import SqlitePeriods
from handfast.storage.startup_scan import StartupScan


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Everything the node keeps.

    Attributes:
        periods_file: Database of key periods, and `key_file` its wrapping key: the ingest
            processes open them too.
        roots: Folders of recordings, one for each disk.
    """

    stores: Stores
    serials: SqliteSerials
    log: SqliteLog
    outbox: Outbox
    index: SegmentIndex
    files: SegmentFiles
    scan: StartupScan
    retention: Retention
    periods_file: Path
    key_file: Path
    roots: tuple[Path, ...]
    data: Path

    def newest_segment(self, stream: StreamKey) -> bytes:
        """Return the id of a stream's newest segment, or 16 zero bytes."""
        recording = Recording(camera=stream.camera, stream=Stream(stream.stream))
        newest = self.index.newest(recording)
        return NO_PREDECESSOR if newest is None else newest.id


def open_disk(config: NodeConfig, *, ids: Ids) -> Disk:
    """Open or make everything.

    Raises:
        InvalidError: A file is of another version, or a key is readable by others.
        CorruptError: A file is damaged.
    """
    data = config.path(config.table.folders.data)
    roots = tuple(config.path(each) for each in config.table.folders.recordings)
    for folder in (data, *roots):
        make_directory(folder)
    periods_file, key_file = data / "periods.db", data / "periods.key"
    read_or_create_key(key_file, ids)
    periods = SqlitePeriods(periods_file, key_file=key_file, ids=ids)
    database = open_node_database(data / "node.db")
    index = SegmentIndex(data / "segments.db")
    files = SegmentFiles(roots)
    log = SqliteLog(data / "log.db")
    serials = SqliteSerials(database)
    return Disk(
        stores=Stores(
            log=log,
            signals=SqliteSignals(database),
            serials=serials,
            requests=SqliteRequests(database),
            drawings=SqliteDrawings(database),
            accesses=SqliteAccesses(database),
            segments=index,
            files=files,
            periods=periods,
        ),
        serials=serials,
        log=log,
        outbox=Outbox(data / "outbox.db"),
        index=index,
        files=files,
        scan=StartupScan(files=files, index=index, periods=periods),
        retention=Retention(index=index, files=files, periods=periods),
        periods_file=periods_file,
        key_file=key_file,
        roots=roots,
        data=data,
    )
