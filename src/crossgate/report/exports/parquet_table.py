"""`turns.parquet`: one row a turn, typed, for pandas, DuckDB, R and the like."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from crossgate.report.exports.columns import columns, rows
from crossgate.report.result import Result

METADATA = "crossgate"
"""Key of the file's metadata under which media, model, labels, policy and warnings stand as JSON."""


def write_parquet(result: Result, path: Path) -> None:
    """Write `table_of` a result, what it is of in the file's metadata."""
    content = result.to_json()
    about = {name: content[name] for name in content if name not in ("utterances", "settings")}
    table = table_of(result)
    pq.write_table(table.replace_schema_metadata({METADATA: json.dumps(about, ensure_ascii=False)}), path)


def table_of(result: Result) -> pa.Table:
    """The turns: times as float64 seconds, probabilities and shares as float32, unknown values null."""
    schema = pa.schema([pa.field(name, _type(name, kind)) for name, kind in columns(result)])
    cells = list(rows(result))
    arrays = [pa.array([row[place] for row in cells], type=field.type) for place, field in enumerate(schema)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _type(name: str, kind: type) -> pa.DataType:
    if kind is float:
        return pa.float64() if name in ("start", "end") else pa.float32()
    return pa.bool_() if kind is bool else pa.string()
