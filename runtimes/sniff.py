"""What kind of file this is, by its content alone, and what to do with it.

A name can lie, so no name is looked at. Only ONNX can ever be served.
"""

import json
from codecs import getincrementaldecoder
from dataclasses import dataclass
from typing import Literal

Use = Literal["servable", "side file", "refused"]
HEAD = 65_536


@dataclass(frozen=True)
class FileKind:
    """`use`: servable (ONNX), side file (kept beside a model, never run), or refused."""

    name: str
    use: Use
    advice: str


def _refused(name: str, advice: str) -> FileKind:
    return FileKind(name, "refused", advice)


def _side(name: str, label: str) -> FileKind:
    return FileKind(name, "side file", f"{label}: kept beside a model, never run as one.")


_TORCH = "Export the model with torch.onnx.export(model, args, path, dynamo=True) and upload that."
_UNPACK = "Archives are not opened here: unpack it and upload the ONNX file itself."
_ONNX = FileKind("onnx", "servable", "This is an ONNX file.")
_EMPTY = _refused("empty", "The file is empty: upload the ONNX file itself.")
_TORCH_ZIP = _refused("torch", f"This is a PyTorch checkpoint, which can run code. {_TORCH}")
_KERAS = _refused(
    "keras",
    'This is a Keras model, which can run code. Call model.export("model.onnx", format="onnx") '
    "and upload that.",
)
_PICKLE = _refused(
    "pickle",
    "This is a Python pickle, which can run code. Export the model to ONNX (PyTorch: "
    "torch.onnx.export; scikit-learn: skl2onnx) and upload that.",
)
_JOBLIB = _refused(
    "joblib",
    "This is a scikit-learn or joblib pickle, which can run code. Convert the model with "
    "skl2onnx (zipmap off) and upload the ONNX file.",
)
_ZIP = _refused("zip", f"This is a zip archive. {_UNPACK}")
_NPZ = _refused("npz", "This is a NumPy archive, a data set and no model. Register it as data.")
_UNKNOWN = _refused(
    "unknown", "This kind of file is not known. Export the model to ONNX and upload that."
)
_SAFETENSORS = _side(
    "safetensors", "Weights without a graph. To serve the model, export it to ONNX"
)

_SIGNATURES: tuple[tuple[int, bytes, FileKind], ...] = (
    (0, b"\x89HDF\r\n\x1a\n", _KERAS),
    (0, b"GGUF", _refused("gguf", "GGUF language models cannot be served here.")),
    (4, b"TFL3", _refused("tflite", "This is a TensorFlow Lite model: convert it with tf2onnx.")),
    (4, b"ORTM", _refused("ort", "This is onnxruntime's own format: upload the ONNX file itself.")),
    (0, b"%PDF-", _side("pdf", "A PDF document")),
    (0, b"\x93NUMPY", _refused("npy", "This is a NumPy array and no model. Register it as data.")),
    (0, b"PAR1", _refused("parquet", "This is a Parquet table and no model. Register it as data.")),
    (0, b"\x1f\x8b", _refused("gzip", f"This is compressed (gzip). {_UNPACK}")),
    (0, b"BZh", _refused("bzip2", f"This is compressed (bzip2). {_UNPACK}")),
    (0, b"\xfd7zXZ\x00", _refused("xz", f"This is compressed (xz). {_UNPACK}")),
    (0, b"\x28\xb5\x2f\xfd", _refused("zstd", f"This is compressed (zstd). {_UNPACK}")),
    (0, b"\x04\x22\x4d\x18", _refused("lz4", f"This is compressed (lz4). {_UNPACK}")),
    (0, b"7z\xbc\xaf\x27\x1c", _refused("7z", f"This is a 7z archive. {_UNPACK}")),
    (0, b"Rar!\x1a\x07", _refused("rar", f"This is a RAR archive. {_UNPACK}")),
    (257, b"ustar", _refused("tar", f"This is a tar archive. {_UNPACK}")),
    (0, b"\x7fELF", _refused("program", "This is a program and no model.")),
    (0, b"MZ", _refused("program", "This is a program and no model.")),
    (0, b"#!", _refused("program", "This is a script and no model.")),
)  # fmt: skip


def sniff(data: bytes) -> FileKind:
    """The kind of a file whose beginning (64 KiB are enough) is `data`. Raises nothing."""
    head = data[:HEAD]
    if not head:
        return _EMPTY
    for offset, magic, kind in _SIGNATURES:
        if head.startswith(magic, offset):
            return kind
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(head)
    if head[0] == 0x80 and len(head) > 1 and head[1] <= 5:
        return _pickle_kind(head)
    if _is_zlib_joblib(head):
        return _JOBLIB
    if _is_onnx(head):
        return _ONNX
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**32:
        return _SAFETENSORS
    return _text_kind(head, whole=len(data) <= HEAD)


def _zip_kind(head: bytes) -> FileKind:
    if b"/data.pkl" in head or b"/byteorder" in head or b"/constants.pkl" in head:
        return _TORCH_ZIP
    if b"model.weights.h5" in head or (b"metadata.json" in head and b"config.json" in head):
        return _KERAS
    return _NPZ if b".npyPK" in head or b".npy\x01" in head or b".npy\x93" in head else _ZIP


def _pickle_kind(head: bytes) -> FileKind:
    # A pickled long that PyTorch's files before 1.6 begin with.
    if b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19" in head[:20]:
        return _TORCH_ZIP
    return _JOBLIB if b"joblib" in head or b"sklearn" in head else _PICKLE


def _is_zlib_joblib(head: bytes) -> bool:
    # A zlib stream: deflate, and the two bytes a multiple of 31 (RFC 1950).
    return (
        head[0] == 0x78
        and len(head) > 1
        and (head[0] * 256 + head[1]) % 31 == 0
        and (head[1] in (0x01, 0x5E, 0x9C, 0xDA))
    )


def _is_onnx(head: bytes) -> bool:
    """ModelProto as every exporter writes it: ir_version first, then another known field."""
    if len(head) < 3 or head[0] != 0x08 or not 1 <= head[1] < 0x80:
        return False
    # producer_name, producer_version, domain, model_version, doc_string, graph, opset_import,
    # metadata_props, training_info, functions (field numbers 2-8, 14, 20, 25)
    return head[2] in (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72) or head[2:4] in (
        b"\xa2\x01",
        b"\xca\x01",
    )


def _text_kind(head: bytes, *, whole: bool) -> FileKind:
    try:
        # The cut at the end of the head may split a character.
        text = getincrementaldecoder("utf-8")().decode(head, final=whole)
    except UnicodeDecodeError:
        return _UNKNOWN
    if any(c < " " and c not in "\t\n\r\f" for c in text):
        return _UNKNOWN
    return _kind_of_text(text.lstrip("\ufeff"), whole=whole)


def _kind_of_text(text: str, *, whole: bool) -> FileKind:
    start = text.lstrip()
    if start.startswith(("{", "[")):
        if not whole or _is_json(text):
            return _side("json", "A JSON document")
        return _refused("broken json", "This begins like JSON, but is not: correct the file.")
    if start[:15].lower().startswith(("<!doctype", "<html", "<?xml", "<svg", "<script")):
        return _refused("markup", "HTML, XML and SVG files are not kept: use Markdown or PDF.")
    if start.startswith(("(dp", "(lp", "ccopy_reg", "c__builtin__", "cos\n", "cposix\n")):
        return _PICKLE
    lines = text.splitlines()[:5]
    if len(lines) > 1 and lines[0].count(",") and lines[0].count(",") == lines[1].count(","):
        return _side("csv", "A CSV table")
    return _side("markdown", "A text document")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
