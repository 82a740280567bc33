"""Small valid files of every format that is read; what the fuzzer damages."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict, defaultdict
from typing import Any

import numpy as np

SRT = (
    b"1\n00:00:01,000 --> 00:00:02,500\nANN: You did what?\n\n2\n00:00:03,000 --> 00:00:04,000\n- I sold it.\n- Oh.\n",
    b"\xef\xbb\xbf7\r\n0:00:01.5 --> 0:00:02.5 X1:10 X2:20\r\n<i>[Ben]</i> {\\an8} caf\xc3\xa9\r\n\r\n",
)
VTT = (
    b"WEBVTT - talk\nKind: captions\n\nNOTE a\nb\n\nSTYLE\n::cue {}\n\nREGION\nid:x\n\nintro\n00:01.000 --> 00:02.000 "
    b"align:start\n<v.loud Ann>You <b>did</b> <c.x>what</c>?</v>\n<v Ben>I &amp; &lt;you&gt;<00:01.500> sold it.\n",
    b"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\n1:02:03.000 --> 1:02:04.000\nBEN: hi\n",
)
CSV = (
    b'speaker,text,start,end,id\nAnn,"You, did\n""what""?",0.5,1.5,a\nBen,I sold it.,00:00:02.0,00:00:03,b\n',
    b"Sr No.;Utterance;Speaker;StartTime;EndTime\n1;hi;Ann;00:00:01,5;00:00:02,5\n2;ho;Ben;00:00:03,5;00:00:04,5\n",
)
TSV = (b"start\tend\ttext\n0\t1500\tHello there\n2000\t2500\tyes\n", b"speaker\ttext\nAnn\thi\nBen\tho\n")
JSON = (
    b'{"text":"hi ho","segments":[{"id":0,"start":0.0,"end":1.5,"text":" hi","speaker":"A","words":[{"word":"hi",'
    b'"start":0.0,"end":1.0,"speaker":"A"}]},{"id":1,"start":2,"end":3,"text":"ho"}],"language":"en"}',
    b'[{"speaker":"Ann","text":"hi","start":"0:01","end":"0:02.5"},{"speaker":"Ben","text":"ho","start":3,"end":4}]',
    b'{"text":"hi","speaker":"A"}\n{"text":"ho","speaker":"B"}\n',
)
EAF = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<ANNOTATION_DOCUMENT VERSION="3.0"><HEADER TIME_UNITS="milliseconds">'
    b'<MEDIA_DESCRIPTOR MEDIA_URL="file:///a.mp4" TIME_ORIGIN="20"/></HEADER>\n<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" '
    b'TIME_VALUE="0"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1500"/><TIME_SLOT TIME_SLOT_ID="ts3"/></TIME_ORDER>\n'
    b'<TIER TIER_ID="A" PARTICIPANT="Ann" LINGUISTIC_TYPE_REF="u"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" '
    b'TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>hi &amp; ho</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>'
    b'</ANNOTATION></TIER>\n<TIER TIER_ID="B" PARENT_REF="A"><ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a2" '
    b'ANNOTATION_REF="a1"><ANNOTATION_VALUE>x</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>',
    b'<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="s" TIME_VALUE="-5"/></TIME_ORDER></ANNOTATION_DOCUMENT>',
)
TEXTGRID = (
    b'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 3\ntiers? <exists>\nsize = 2\nitem []:\n'
    b'    item [1]:\n        class = "IntervalTier"\n        name = "Ann"\n        xmin = 0\n        xmax = 3\n        '
    b'intervals: size = 2\n        intervals [1]:\n            xmin = 0\n            xmax = 1.5\n            text = "say '
    b'""hi"""\n        intervals [2]:\n            xmin = 1.5\n            xmax = 3\n            text = ""\n    item [2]:\n'
    b'        class = "TextTier"\n        name = "p"\n        xmin = 0\n        xmax = 3\n        points: size = 1\n'
    b'        points [1]:\n            number = 1\n            mark = "x"\n',
    b'"ooTextFile"\n"TextGrid"\n0\n2 ! a comment\n<exists>\n1\n"IntervalTier"\n"Ben"\n0\n2\n1\n0\n2\n"ho"\n',
)
RTTM = (
    b"SPEAKER talk 1 0.50 1.25 <NA> <NA> Ann <NA> <NA>\nSPEAKER talk 1 2.00 1.00 <NA> <NA> Ben 0.9 <NA>\n",
    b";; comment\nSPKR-INFO talk 1 <NA> <NA> <NA> unknown Ann <NA>\nSPEAKER talk 1 1e1 .5 <NA> <NA> <NA> <NA> <NA>\n",
)
TRANSCRIPTS = {
    "srt": SRT,
    "vtt": VTT,
    "csv": CSV,
    "tsv": TSV,
    "json": JSON,
    "eaf": EAF,
    "textgrid": TEXTGRID,
    "rttm": RTTM,
}
TRANSCRIPT_WORDS = (
    *(
        b"WEBVTT NOTE STYLE REGION --> <v <c <i> </v> <ruby> <lang &nbsp; align: 00:00:01.000 99:59:59.999 1:2".split()
    ),
    *(b"speaker text start end id Utterance StartTime Dialogue_ID sep=; ; segments utterances words".split()),
    *(b"<!DOCTYPE <![CDATA[ ]]> <!ENTITY SYSTEM xmlns: TIME_SLOT TIER encoding= UTF-16 <?xml".split()),
    *(b"ooTextFile TextGrid IntervalTier TextTier <exists> <absent> SPEAKER <NA> ;; LEXEME".split()),
)


class _Python2:
    """What pickles of Python 2 hold."""

    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01(K\x02tcnumpy\ndtype\n(U\x02f4"
        b"K\x00K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x08" + bytes(8) + b"tb"
    )
    whole = b"\x80\x02(U\x04caf\xe9" + array + b"c__builtin__\nset\n(](U\x03a\xe9bU\x01cetRt."


def pickles() -> tuple[bytes, ...]:
    """Every kind of value that is admitted, in every protocol."""
    ragged = np.empty(2, dtype=object)
    ragged[:] = [np.ones(2), None]
    content: dict[Any, Any] = {
        "a": [np.arange(3.0), np.float32(0.5), {"b", "c"}, ("x", b"\xff", 10**30, True, None, 1j)],
        7: OrderedDict(x=defaultdict(list, {1: [frozenset({2})]}), y=np.array(["one"]), z=ragged),
    }
    content["again"] = content["a"]
    return (*(pickle.dumps(content, protocol) for protocol in range(6)), _Python2.whole)


PICKLE_WORDS = (
    *(b"cos\nsystem\n", b"cbuiltins\nset\n", b"cnumpy\ndtype\n", b"cnumpy\nndarray\n", b"c_codecs\nencode\n"),
    *(
        b"\x8c\x08builtins\x8c\x04eval\x93",
        b"R",
        b"b",
        b"o",
        b"i",
        b"\x81",
        b"\x92",
        b"\x82\x01",
        b"Q",
        b"P1\n",
    ),
    *(b"(", b"t", b"l", b"d", b"u", b"s", b"e", b"a", b"0", b"1", b"2", b"h\x00", b"q\x01", b"\x94", b"\x95"),
    *(
        b"\x8f",
        b"\x90",
        b"\x91",
        b"\x97",
        b"\x98",
        b"\x96",
        b"\x8e",
        b"\x8d",
        b"\x85",
        b"\x86",
        b"\x87",
        b")",
        b"]",
    ),
    *(
        b"I1\n",
        b"L5L\n",
        b"\x8a\x01\xff",
        b"\x8b\xff\xff\xff\x7f",
        b"F1\n",
        b"G\x00\x00\x00\x00\x00\x00\xf8\x7f",
    ),
    *(
        b"U2",
        b"U1000000",
        b"O",
        b"<",
        b">",
        b"f4,f4",
        b"(2,)f4",
        b"M8[s]",
        b"J\xff\xff\xff\x7f",
        b"ccollections\n",
    ),
)

EXPERIMENT = b"""\
name: toy
features: {text: [toy], audio: [toy], visual: [toy], minilm: {layers: [4, 6], max_tokens: 64}}
model: {kind: crossgate, hidden: 16, heads: 2, gate_rank: 4, dropout: 0.1, causal: false}
objective: {hard_pairs: 0.5, hierarchy: true}
training: {epochs: 2, batch_size: 2, learning_rate: 1e-2, average: 0.5, device: cpu}
selection: {by: folds, group: '_c(\\d)'}
"""
BENCHMARK = b"""\
name: smoke
seeds: [0, 1]
corpora:
  - name: drawn
    data: surrogate
    features: {text: [toy], audio: [toy]}
    surrogate: {train: 4}
    set: training.batch_size=4
models:
  - {name: crossgate, model: {hidden: 16, heads: 2}, training: {epochs: 1}}
  - {name: sdt, model: {kind: sdt, hidden: 16, heads: 2}, training: {epochs: 1}}
tuning: {trials: 0, space: {dropout: [0.1, 0.2]}}
"""


def parquet() -> tuple[bytes, ...]:
    """Tables as they are written, in three compressions."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {
            "conversation_id": f"c{turn // 2}",
            "utterance_id": f"u{turn}",
            "turn": turn % 2,
            "speaker": "AB"[turn % 2],
            "text": "You did what?",
            "start": float(turn),
            "end": turn + 0.5,
            "emotion": "joy" if turn % 3 else None,
            "text_toy": [0.5, turn, 1.0] if turn != 2 else None,
        }
        for turn in range(4)
    ]
    made = []
    fixed = pa.field("text_toy", pa.list_(pa.float32(), 3))
    for compression, vectors in (("zstd", fixed), ("none", pa.field("text_toy", pa.list_(pa.float32())))):
        table = pa.Table.from_pylist(rows)
        schema = pa.schema([vectors if field.name == "text_toy" else field for field in table.schema])
        file = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema), file, compression=compression)
        made.append(file.getvalue())
    return tuple(made)
