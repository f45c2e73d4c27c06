"""TOML files as frozen tables: unknown keys refuse to start, and every key explains itself."""

import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from handfast.kit.errors import InvalidError

_Table = TypeVar("_Table", bound=msgspec.Struct)


def read_table(path: Path, table: type[_Table]) -> _Table:
    """Read a TOML file as `table`.

    Raises:
        InvalidError: It is missing, no TOML, or has an unknown, missing or wrong key.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), table)
    except UnicodeDecodeError as error:
        raise InvalidError(f"{path}: this is no text, so no TOML; name another file") from error
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InvalidError(f"{path}: {why}; name the configuration's file") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise InvalidError(f"{path}: {error}; the command `config` lists every key") from error


def explain(table: type[msgspec.Struct], *, heading: str = "") -> str:
    """Write every key with its default and meaning, as a TOML file that can be edited.

    The meanings are the `msgspec.Meta(description=...)` of the fields.
    """
    plain: list[str] = [f"[{heading}]"] if heading else []
    nested: list[str] = []
    described = msgspec.inspect.type_info(table)
    fields = described.fields if isinstance(described, msgspec.inspect.StructType) else ()
    for field in fields:
        type_, words = _unwrap(field.type)
        if isinstance(type_, msgspec.inspect.StructType):
            name = f"{heading}.{field.encode_name}" if heading else field.encode_name
            nested.append(explain(type_.cls, heading=name))
        else:
            plain.append(f"# {words}" if words else "#")
            plain.append(_assignment(field))
    return "\n".join([*plain, ""]) + ("\n" + "\n".join(nested) if nested else "")


def _unwrap(type_: msgspec.inspect.Type) -> tuple[msgspec.inspect.Type, str]:
    words = ""
    while isinstance(type_, msgspec.inspect.Metadata):
        schema = type_.extra_json_schema or {}
        words = str(schema.get("description", words))
        type_ = type_.type
    return type_, words


def _assignment(field: msgspec.inspect.Field) -> str:
    if field.required:
        return f"{field.encode_name} =    # required"
    value = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory()
    if value is None:
        return f"# {field.encode_name} =    # not set"
    return f"{field.encode_name} = {msgspec.json.encode(value).decode()}"
