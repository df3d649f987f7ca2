#!/usr/bin/env python3
"""Writes the hand-chosen part of fuzz/corpus: good-* must be accepted, bad-* refused (tests/io/corpus_test.cpp).

What fuzzing finds is added beside it as crash-*, which may end either way but must not crash.
"""
import io
import json
import pathlib
import struct
import zlib

ROOT = pathlib.Path(__file__).parent / "corpus"


def write(parser, files):
    folder = ROOT / parser
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


write("safetensors", {
    "good-empty": safetensors({}),
    "good-two": safetensors({"a": entry("F32", [2], 0, 8), "b": entry("BF16", [], 8, 10), "__metadata__": {"k": "v"}},
                            bytes(10)),
    "good-zero-size": safetensors({"a": entry("I64", [0, 3], 0, 0)}),
    "good-padded": safetensors(b'{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}   ', b"\1"),
    "bad-short": b"\1\2\3",
    "bad-huge-header": b"\xff" * 8 + b"{}",
    "bad-truncated": safetensors({"a": entry("F32", [2], 0, 8)}, bytes(7)),
    "bad-hole": safetensors({"a": entry("U8", [1], 1, 2)}, bytes(2)),
    "bad-overlap": safetensors({"a": entry("U8", [2], 0, 2), "b": entry("U8", [2], 1, 3)}, bytes(3)),
    "bad-overflow": safetensors({"a": entry("F64", [2**32, 2**32], 0, 0)}),
    "bad-negative": safetensors({"a": entry("F64", [-1], 0, 8)}, bytes(8)),
    "bad-reversed": safetensors({"a": entry("U8", [1], 2, 1)}, bytes(2)),
    "bad-dtype": safetensors({"a": entry("F8", [1], 0, 1)}, bytes(1)),
    "bad-twice": safetensors(b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}}'),
    "bad-deep": safetensors(b"[" * 500),
    "bad-metadata": safetensors({"__metadata__": {"k": [1]}}),
    "bad-utf8": safetensors(b'{"\xff":1}'),
})



def index(files, **metadata):
    return json.dumps({"metadata": metadata, "weight_map": files})


write("safetensors_index", {
    "good-two": index({"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}, total_size=8),
    "good-no-total": json.dumps({"weight_map": {"a": "a.safetensors"}, "more": [1]}),
    "bad-empty": "",
    "bad-no-map": index({}),
    "bad-parent": index({"a": "../a.safetensors"}),
    "bad-absolute": index({"a": "/a.safetensors"}),
    "bad-hidden": index({"a": ".safetensors"}),
    "bad-backslash": index({"a": "b\\a.safetensors"}),
    "bad-total": index({"a": "a.safetensors"}, total_size=-1),
    "bad-type": index({"a": 1}),
    "bad-deep": "{" * 500,
})

BODY = "ROWS\n N obj\n L r1\n E r2\n G r3\nCOLUMNS\n x obj 1 r1 1\n y r2 1 r3 2\n"
write("mps", {
    "good-small": "NAME t\n" + BODY + "RHS\n RHS r1 4 r2 -1\n RHS obj 3\nRANGES\n RNG r2 -2\n RNG r1 1\n"
                  "BOUNDS\n UP B x -1\n BV B y\nENDATA\n",
    "good-max": "OBJSENSE\n MAX\n" + BODY + "ENDATA\n",
    "good-integers": "NAME t FREE\nROWS\n N o\nCOLUMNS\n m 'MARKER' 'INTORG'\n x o 1\n m 'MARKER' 'INTEND'\n y o 1\n"
                     "BOUNDS\n MI x\n FR y\nENDATA\n",
    "good-fixed": "NAME          MY MODEL\nROWS\n N  THE COST\n L  ROW 1\nCOLUMNS\n"
                  "    COL ONE   THE COST            1.   ROW 1               2.\nRHS\n"
                  "              ROW 1               4.\nENDATA\n",
    "good-crlf": ("* note\r\n" + BODY.replace("\n", "\r\n") + "ENDATA\r\n"),
    "good-infinite": BODY + "BOUNDS\n UP B x 1e30\n LO B y -inf\nENDATA\n",
    "bad-empty": "",
    "bad-truncated": BODY,
    "bad-section": "NAME t\nQUADOBJ\n",
    "bad-twice": BODY + "RHS\n R r1 1\n R r1 2\nENDATA\n",
    "bad-entry-twice": "ROWS\n N o\n L r\nCOLUMNS\n x r 1 r 2\nENDATA\n",
    "bad-nan": "ROWS\n N o\nCOLUMNS\n x o nan\nENDATA\n",
    "bad-unknown-row": "ROWS\n N o\nCOLUMNS\n x p 1\nENDATA\n",
    "bad-no-objective": "ROWS\n L r\nCOLUMNS\n x r 1\nENDATA\n",
    "bad-long-name": "ROWS\n N " + "n" * 300 + "\nCOLUMNS\nENDATA\n",
    "bad-bytes": bytes(range(256)),
})


def npy(header, data=b"", version=1):
    text = header.encode()
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + data


def dictionary(descr, shape, fortran="False"):
    return "{'descr': %s, 'fortran_order': %s, 'shape': %s, }" % (descr, fortran, shape)


write("npy", {
    "good-matrix": npy(dictionary("'<f4'", "(2, 3)"), bytes(24)),
    "good-fortran": npy(dictionary("'|u1'", "(2, 3)", "True"), bytes(range(6))),
    "good-scalar": npy(dictionary("'<f8'", "()"), bytes(8)),
    "good-version-3": npy(dictionary("'|b1'", "(1,)"), b"\1", 3),
    "good-zero-size": npy(dictionary("'<i8'", "(0, 5)")),
    "bad-empty": b"",
    "bad-magic": b"\x93NUMPX\1\0\0\0",
    "bad-truncated": npy(dictionary("'<f4'", "(2, 3)"), bytes(23)),
    "bad-header-length": b"\x93NUMPY\1\0\xff\xff{}",
    "bad-big-endian": npy(dictionary("'>f4'", "(1,)"), bytes(4)),
    "bad-object": npy(dictionary("'|O'", "(1,)"), bytes(8)),
    "bad-structured": npy(dictionary("[('a', '<f4')]", "(1,)"), bytes(4)),
    "bad-overflow": npy(dictionary("'<f8'", "(4294967296, 4294967296)")),
    "bad-negative": npy(dictionary("'<f8'", "(-1,)")),
    "bad-rank": npy(dictionary("'|u1'", "(" + "1," * 40 + ")"), bytes(1)),
    "bad-open": npy("{'descr': '<f8"),
})

write("csv", {
    "good-plain": "a,b\r\n1,2\r\n",
    "good-quoted": 'a,"b,c"\n"d""e","f\ng"\n',
    "good-empty": "",
    "good-empty-fields": ",\n,\n",
    "good-no-last-break": "a\nb",
    "good-carriage-return": "a\rb\r\n",
    "bad-ragged": "a,b\nc\n",
    "bad-open-quote": 'a\n"b\n',
    "bad-quote-inside": 'a"b\n',
    "bad-after-quote": '"a"b\n',
})

write("jsonl", {
    "good-two": '{"step":1,"loss":0.5,"note":"a\\nb"}\n{"step":2,"loss":null,"best":true}\n',
    "good-empty": "",
    "good-truncated": '{"step":1}\n{"step":2,"lo',
    "good-infinite": '{"a":"inf","b":"-inf"}\n',
    "good-large": '{"a":18446744073709551615,"b":1e308,"c":-0.0}\n',
    "bad-list": "[1]\n",
    "bad-nested": '{"a":{"b":1}}\n',
    "bad-twice": '{"a":1,"a":2}\n',
    "bad-deep": "{" * 500 + "\n",
    "bad-overflow": '{"a":1e999}\n',
    "bad-utf8": b'{"a":"\xff"}\n',
})

RECORD = {
    "schema": 1, "domain": "lp", "protocol": "paper", "preset": "quick", "seed": 1, "git": "", "libtorch": "1.13.1",
    "threads": 2, "seconds": 1.5, "data": {"train": 1, "test": 1, "sha256": "", "statistics": {"feasible": 0.5}},
    "models": [{"name": "m", "kind": "implicit", "parameters": 1, "metric": "rel_l2", "train": None, "test": 0.5,
                "seconds_train": 1, "seed": 0, "extra": {"memory_mb": 1}}],
    "curves": [{"model": "m", "quantity": "error", "group": "all", "t": [0, 1], "mean": [1, 0.5], "std": [0, 0],
                "max": [1, "inf"]}],
    "checks": [{"name": "c", "value": 1, "bound": 2, "ok": True}],
}
CURVE = RECORD["curves"][0]
write("study_record", {
    "good-record": json.dumps(RECORD),
    "good-no-lists": json.dumps({**RECORD, "models": [], "curves": [], "checks": []}),
    "good-further-key": json.dumps({**RECORD, "later": 1}),
    "bad-empty": "",
    "bad-schema": json.dumps({**RECORD, "schema": 2}),
    "bad-lengths": json.dumps({**RECORD, "curves": [{**CURVE, "t": [0]}]}),
    "bad-type": json.dumps({**RECORD, "threads": "two"}),
    "bad-seed": json.dumps({**RECORD, "seed": -1}),
    "bad-missing": json.dumps({"schema": 1}),
    "bad-deep": '{"schema":' + "[" * 100,
})


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def frame(payload):
    length = struct.pack("<Q", len(payload))
    return length + masked(length) + payload + masked(payload)


EVENT = b"\x09" + struct.pack("<d", 1.0) + b"\x10\x05" + b"\x2a\x0a\x0a\x08\x0a\x01a\x15" + struct.pack("<f", 0.5)
write("tfevents", {
    "good-empty": b"",
    "good-scalar": frame(b"\x09" + struct.pack("<d", 1.0) + b"\x1a\x0dbrain.Event:2") + frame(EVENT),
    "good-truncated": frame(EVENT)[:-1],
    "good-huge-length": struct.pack("<Q", 2**63) + masked(struct.pack("<Q", 2**63)) + bytes(8),
    "bad-checksum": frame(EVENT)[:-1] + b"\0",
    "bad-length-checksum": bytes(16),
    "bad-field": frame(b"\x2a\x7f"),
    "bad-wire": frame(b"\x0b"),
    "bad-varint": frame(b"\x10" + b"\xff" * 11),
    "bad-number": frame(b"\x0d" + bytes(4)),
})

TUPLE_OF_ALL = (b"\x80\x02(NX\x02\0\0\0hiJ\xff\xff\xff\xffK\x07M\1\2\x8a\2\0\xffG\x3f\xf8\0\0\0\0\0\0\x88\x89]q\0(K\1K\2e"
                b"h\0}q\1(K\1h\1ucos\nsystem\n)RN\x85Qt.")
write("pickle", {
    "good-none": b"N.",
    "good-all": TUPLE_OF_ALL,
    "good-itself": b"}q\1(X\1\0\0\0kh\1u.",
    "bad-empty": b"",
    "bad-cut": TUPLE_OF_ALL[:-1],
    "bad-stack": b"R.",
    "bad-mark": b"N(R.",
    "bad-memo": b"h\1.",
    "bad-length": b"X\xff\xff\xff\xffhi",
    "bad-instruction": b"i.",
    "bad-long": b"\x8a\x09" + bytes(9) + b".",
})

GOLDEN = pathlib.Path(__file__).parents[1] / "tests" / "golden" / "train"  # made by torch itself
write("torch_save", {
    "good-module": (GOLDEN / "module.pt").read_bytes(),
    "good-views": (GOLDEN / "views.pt").read_bytes(),
    "bad-evil": (GOLDEN / "evil.pt").read_bytes(),
    "bad-sparse": (GOLDEN / "sparse.pt").read_bytes(),
    "bad-cut": (GOLDEN / "module.pt").read_bytes()[:-30],
    "bad-empty": b"",
})


def tokenizer(**parts):
    """A byte-level file of few tokens; a keyword replaces the part of that name, `model` adds to the model."""
    model = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "Ġ": 3}, "merges": ["a b"], **parts.pop("model", {})}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False}
    return json.dumps({"added_tokens": [], "normalizer": None, "pre_tokenizer": byte_level, "post_processor": None,
                       "decoder": {"type": "ByteLevel"}, "model": model, **parts})


def split(pattern, behavior="Isolated", **further):
    return {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": pattern, "behavior": behavior, **further},
                                                  {"type": "ByteLevel", "add_prefix_space": True, "use_regex": False}]}


TEMPLATE = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
            "special_tokens": {"<s>": {"ids": [9]}}}
ADDED = {"id": 9, "content": "<s>", "special": True, "lstrip": True}
write("tokenizer", {
    "good-small": tokenizer(),
    "good-unknown": tokenizer(model={"unk_token": "b", "merges": [["a", "b"]], "ignore_merges": True}),
    "good-added": tokenizer(added_tokens=[ADDED, {"id": 10, "content": "1234", "single_word": True, "rstrip": True}],
                            post_processor={"type": "Sequence", "processors": [{"type": "ByteLevel"}, TEMPLATE]}),
    "good-nfc": tokenizer(normalizer={"type": "NFC"}, model={"unk_token": "a"}),
    "good-split": tokenizer(pre_tokenizer=split({"Regex": "\\p{L}+|\\s+(?!\\S)"}, "Removed", invert=True)),
    "good-literal": tokenizer(pre_tokenizer=split({"String": "aa"}, "MergedWithNext"), model={"unk_token": "a"}),
    "good-backtracking": tokenizer(pre_tokenizer=split({"Regex": "(?:a|aa)+$"}), model={"unk_token": "a"}),
    "good-huge-id": tokenizer(model={"vocab": {"a": 2147483646}, "merges": []}),
    "bad-empty": "",
    "bad-truncated": tokenizer()[:-9],
    "bad-deep": "[" * 500,
    "bad-id": tokenizer(model={"vocab": {"a": 2147483647}, "merges": []}),
    "bad-same-id": tokenizer(model={"vocab": {"a": 0, "b": 0}, "merges": []}),
    "bad-merge": tokenizer(model={"merges": ["a c"]}),
    "bad-regex": tokenizer(pre_tokenizer=split({"Regex": "(a"})),
    "bad-nested": tokenizer(pre_tokenizer=split({"Regex": "(" * 1000 + ")" * 1000})),
    "bad-behaviour": tokenizer(pre_tokenizer=split({"String": "a"}, "Kept")),
    "bad-template": tokenizer(post_processor=TEMPLATE),
    "bad-decoder": tokenizer(decoder=None),
    "bad-utf8": tokenizer().encode().replace(b"ab", b"\xff"),
})


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, rows, before=b"", interlace=0, end=True):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    packed = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", packed) + (chunk(b"IEND") if end else b"")


GREY = png(2, 2, 8, 0, [b"\x00\x80", b"\xff\x07"])
write("png", {
    "good-grey": GREY,
    "good-grey-1": png(9, 1, 1, 0, [b"\xa5\x80"]),
    "good-grey-16": png(1, 2, 16, 0, [b"\x12\x34", b"\xff\x00"]),
    "good-rgb": png(1, 1, 8, 2, [b"\1\2\3"]),
    "good-rgba-16": png(1, 1, 16, 6, [b"\0\1\0\2\0\3\x80\0"]),
    "good-palette": png(3, 1, 2, 3, [b"\x1b"], chunk(b"PLTE", bytes(range(12)))),
    "good-palette-transparent": png(3, 1, 2, 3, [b"\x1b"], chunk(b"PLTE", bytes(range(12))) + chunk(b"tRNS", b"\0\x80")),
    "good-interlaced": png(1, 1, 8, 0, [b"\x55"], interlace=1),
    "good-text": png(1, 1, 8, 0, [b"\x55"], chunk(b"tEXt", b"Title\0x")),
    "bad-empty": b"",
    "bad-signature": b"\x89PNH" + GREY[4:],
    "bad-truncated": GREY[:-20],
    "bad-no-end": png(2, 2, 8, 0, [b"\x00\x80", b"\xff\x07"], end=False),
    "bad-short-rows": png(2, 3, 8, 0, [b"\x00\x80", b"\xff\x07"]),
    "bad-crc": GREY[:30] + b"\0\0\0\0" + GREY[34:],
    "bad-huge": png(2**31 - 1, 2**31 - 1, 8, 2, [b""]),
    "bad-zero": png(0, 1, 8, 0, [b""]),
    "bad-depth": png(1, 1, 3, 0, [b"\0"]),
    "bad-colour": png(1, 1, 8, 5, [b"\0"]),
    "bad-no-palette": png(1, 1, 8, 3, [b"\0"]),
})


def segment(marker, data):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


# A grey picture of 8 x 8 pixels of one value: one DC coefficient. Huffman tables of two symbols each.
def jpeg(width=8, height=8, exif=b"", scan=b"\x0f", end=b"\xff\xd9", components=1):
    table = bytes(64 * [1])
    dc = bytes([0, 2] + 14 * [0]) + b"\0\3"
    ac = bytes([0, 1] + 14 * [0]) + b"\0"
    frame = struct.pack(">BHHB", 8, height, width, components) + b"".join(bytes([i + 1, 0x11, 0]) for i in range(components))
    return (b"\xff\xd8" + (segment(0xe1, exif) if exif else b"") + segment(0xdb, b"\0" + table) + segment(0xc0, frame)
            + segment(0xc4, b"\0" + dc) + segment(0xc4, b"\x10" + ac) + segment(0xda, b"\1\1\0\0\x3f\0") + scan + end)


EXIF = b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"
write("jpeg", {
    "good-grey": jpeg(),
    "good-turned": jpeg(width=3, exif=EXIF),
    "good-exif-cut": jpeg(exif=EXIF[:20]),
    "bad-empty": b"",
    "bad-start": b"\xff\xd9" + jpeg()[2:],
    "bad-truncated": jpeg()[:-3],
    "bad-no-end": jpeg(end=b""),
    "bad-huge": jpeg(width=65535, height=65535),
    "bad-zero": jpeg(width=0),
    "bad-components": jpeg(components=3)[:60],
})


def hdf5(fill):
    """The bytes of a file that `fill(file)` writes; times are left out, so that they are the same every time."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=("earliest", "v108")) as file:
        fill(file)
    return buffer.getvalue()


def links(file):
    file["a"] = h5py.SoftLink("/b")
    file["c"] = h5py.ExternalLink("other.h5", "/a")


try:
    import h5py
except ImportError:
    print("hdf5: no h5py here (python3-h5py); its files stay as they are")
else:
    numbers = [[1.0, 2.0], [3.0, 4.0]]
    two = hdf5(lambda f: (f.create_dataset("a", data=numbers, dtype="<f4"), f.create_dataset("b", data=5.0, dtype="<f8")))
    write("hdf5", {
        "good-two": two,
        "good-empty": hdf5(lambda f: None),
        "good-big-endian": hdf5(lambda f: f.create_dataset("a", data=numbers, dtype=">f8")),
        "good-packed": hdf5(lambda f: f.create_dataset("a", data=numbers, chunks=(1, 2), compression="gzip", shuffle=True)),
        "good-group-and-attribute": hdf5(lambda f: (f.create_group("g").create_dataset("a", data=1), f.attrs.update(x=1),
                                                    f.create_dataset("b", data=numbers))),
        "good-soft-link": hdf5(links),
        "bad-empty": b"",
        "bad-cut": two[:-100],
        "bad-magic": b"\x00" + two[1:],
        "bad-integers": hdf5(lambda f: f.create_dataset("a", data=[1, 2])),
        "bad-text": hdf5(lambda f: f.create_dataset("a", data="text")),
        "bad-half": hdf5(lambda f: f.create_dataset("a", data=numbers, dtype="<f2")),
        "bad-huge": hdf5(lambda f: f.create_dataset("a", (1 << 40,), dtype="<f8", chunks=(1024,))),
        "bad-huge-chunk": hdf5(lambda f: f.create_dataset("a", (4,), maxshape=(None,), dtype="<f8", chunks=(1 << 28,))),
        "bad-external": hdf5(lambda f: f.create_dataset("a", (4,), dtype="<f8", external=[("other.bin", 0, 32)])),
        "bad-lzf": hdf5(lambda f: f.create_dataset("a", data=numbers, chunks=(1, 2), compression="lzf")),
        "bad-null-space": hdf5(lambda f: f.create_dataset("a", data=h5py.Empty("f"))),
    })
