"""The layout of sealed segments and live frames in one place; pure, no keys.

docs/reference/segment-format.md in code: `records` is the file, `scan` reads it without
keys, `frames` is what travels live, `config` the codec configuration.
"""

from handfast.model.media import Rendition as Rendition
from handfast.model.media import Stream as Stream
from handfast.seal.config import Codec as Codec
from handfast.seal.config import TrackConfig as TrackConfig
from handfast.seal.frames import Frame as Frame
from handfast.seal.frames import FrameType as FrameType
from handfast.seal.frames import KeyFrame as KeyFrame
from handfast.seal.frames import RunFrame as RunFrame
from handfast.seal.frames import SegmentFrame as SegmentFrame
from handfast.seal.frames import StatementFrame as StatementFrame
from handfast.seal.frames import UnitsFrame as UnitsFrame
from handfast.seal.frames import begins_at_keyframe as begins_at_keyframe
from handfast.seal.frames import decode_frame as decode_frame
from handfast.seal.frames import encode_key_frame as encode_key_frame
from handfast.seal.frames import encode_run_frame as encode_run_frame
from handfast.seal.frames import encode_segment_frame as encode_segment_frame
from handfast.seal.frames import encode_statement_frame as encode_statement_frame
from handfast.seal.frames import encode_units_frame as encode_units_frame
from handfast.seal.frames import frame_type as frame_type
from handfast.seal.frames import iterate_units as iterate_units
from handfast.seal.records import NO_PREDECESSOR as NO_PREDECESSOR
from handfast.seal.records import Buffer as Buffer
from handfast.seal.records import RunRecord as RunRecord
from handfast.seal.records import SegmentHeader as SegmentHeader
from handfast.seal.records import UnitRecord as UnitRecord
from handfast.seal.records import config_aad as config_aad
from handfast.seal.records import decode_header as decode_header
from handfast.seal.records import decode_run as decode_run
from handfast.seal.records import decode_unit as decode_unit
from handfast.seal.records import encode_header as encode_header
from handfast.seal.records import encode_run as encode_run
from handfast.seal.records import encode_unit as encode_unit
from handfast.seal.records import run_context as run_context
from handfast.seal.records import unit_aad as unit_aad
from handfast.seal.scan import RunDigest as RunDigest
from handfast.seal.scan import ScannedRun as ScannedRun
from handfast.seal.scan import ScanResult as ScanResult
from handfast.seal.scan import digest_runs as digest_runs
from handfast.seal.scan import scan as scan
