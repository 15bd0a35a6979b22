"""Files that are not what they are said to be: refused with a sentence, and no row is left."""

import io
import pickle
import zipfile
from typing import Any

import numpy as np
import onnx
import pytest

from common.errors import Invalid
from tests.api.client import Api, nothing_written, refusal
from tests.api.house import House
from tests.cast import TEAM
from tests.factories import tiny, verbs
from tests.stage import Stage

VERSIONS = "/models/tumours/versions"


def sent(api: Api, data: bytes, name: str = "file.bin") -> str:
    """The id of a finished upload."""
    upload: str = api.send("POST", "/uploads", {"name": name, "size": len(data)}).json()["id"]
    reply = _patch(api, upload, data)
    assert reply.status_code == 200, reply.content
    return upload


def _patch(api: Api, upload: str, data: bytes, offset: str = "0", **more: Any) -> Any:
    headers = {"Upload-Offset": offset}
    kind = more.get("kind", "application/octet-stream")
    return api.send("PATCH", f"/uploads/{upload}", data, kind=kind, headers=headers)


def refused(api: Api, path: str, body: Any, field: str | None = None) -> None:
    """Nothing comes of it: the request is refused, or the job that looks at the bytes."""
    reply = api.send("POST", path, body)
    if reply.status_code != 202:
        refusal(reply, 422, field=field)
        return
    with nothing_written(), pytest.raises(Invalid) as found:
        verbs.at_work(reply.json()["job_id"])
    assert found.value.reason
    assert field in {None, found.value.field}


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../evil.py", "print(1)")
    return out.getvalue()


def _external() -> bytes:
    model = onnx.load_from_string(tiny.model_bytes())
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    body: bytes = model.SerializeToString()
    return body


def _foreign_operator() -> bytes:
    model = onnx.load_from_string(tiny.model_bytes())
    model.graph.node[0].domain = "com.example"
    body: bytes = model.SerializeToString()
    return body


NO_MODELS = {
    "the half of a model": tiny.model_bytes()[: len(tiny.model_bytes()) // 2],
    "a model with a wrong byte": b"\xff" + tiny.model_bytes()[1:],
    "a pickle": pickle.dumps({"weights": [1.0]}),
    "an archive": _zip(),
    "text": b"this is a model",
    "one byte": b"\x00",
    "zeroes": bytes(4096),
    "HTML": b"<html><script>alert(1)</script></html>",
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(64),
    "weights elsewhere": _external(),
    "an operator of nobody": _foreign_operator(),
}


@pytest.mark.parametrize("what", NO_MODELS)
def test_what_is_no_safe_onnx_model_becomes_no_version(
    what: str, house: House, api: Api, stage: Stage
) -> None:
    upload = sent(api, NO_MODELS[what])
    body = {"artifacts": [{"upload": upload, "role": "model"}]}
    refused(api, VERSIONS, body, field="artifacts")


SIGNATURES: dict[str, Any] = {
    "empty": {},
    "another width": tiny.SIGNATURE
    | {"inputs": [{"name": "x", "dtype": "float32", "shape": ["batch", 5], "features": None}]},
    "another type": tiny.SIGNATURE
    | {"inputs": [{"name": "x", "dtype": "int64", "shape": ["batch", 4], "features": None}]},
    "one class": tiny.SIGNATURE | {"classes": ["benign"]},
    "a class twice": tiny.SIGNATURE | {"classes": ["benign", "benign"]},
    "an unknown task": tiny.SIGNATURE | {"task": "guess"},
    "an unknown field": tiny.SIGNATURE | {"surprise": 1},
    "no outputs": tiny.SIGNATURE | {"outputs": []},
    "a list": [],
}


@pytest.mark.parametrize("what", SIGNATURES)
def test_a_signature_that_the_model_does_not_have_is_refused(
    what: str, house: House, api: Api
) -> None:
    body = {
        "artifacts": [{"upload": house["onnx"], "role": "model"}],
        "signature": SIGNATURES[what],
    }
    refused(api, VERSIONS, body)


def test_an_upload_serves_once_and_only_its_owner(house: House, api: Api) -> None:
    pieces = {
        "nobody's": [{"upload": "00000000-0000-0000-0000-000000000000", "role": "model"}],
        "twice": [
            {"upload": house["onnx"], "role": "model"},
            {"upload": house["onnx"], "role": "tokenizer"},
        ],
        "no part": [],
        "too many": [{"upload": house["onnx"], "role": "model"}] * 17,
    }
    with nothing_written():
        for artifacts in pieces.values():
            refusal(api.send("POST", VERSIONS, {"artifacts": artifacts}), 404, 422)


def _csv(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _npz(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


NO_TABLES: dict[str, tuple[str, bytes]] = {
    "only a header": ("csv", _csv("a,diagnosis")),
    "one class": ("csv", _csv("a,diagnosis", "1,x", "2,x", "3,x")),
    "NaN": ("csv", _csv("a,diagnosis", "1,x", "nan,y", "3,x")),
    "infinity": ("csv", _csv("a,diagnosis", "1,x", "inf,y", "3,x")),
    "an empty cell": ("csv", _csv("a,diagnosis", "1,x", ",y", "3,x")),
    "a text among numbers": ("csv", _csv("a,diagnosis", "1,x", "two,y", "3,x")),
    "a short line": ("csv", _csv("a,b,diagnosis", "1,2,x", "2,y", "3,3,x")),
    "a column twice": ("csv", _csv("a,a,diagnosis", "1,1,x", "2,2,y")),
    "no such target": ("csv", _csv("a,b", "1,2", "2,3")),
    "a NUL character": ("csv", _csv("a,diagnosis", "1,x\x00", "2,y")),
    "no UTF-8": ("csv", b"a,diagnosis\n1,\xff\xfe\n2,y\n"),
    "a pickle in an array": ("npz", _npz(x=np.array([{}], dtype=object), diagnosis=np.arange(1))),
    "rows that do not match": ("npz", _npz(x=np.zeros((3, 2)), y=np.arange(2))),
    "NaN in an array": ("npz", _npz(x=np.array([[1.0], [np.nan]]), y=np.arange(2))),
    "an archive of scripts": ("npz", _zip()),
    "text as an archive": ("npz", b"PK no"),
    "text as Parquet": ("parquet", b"PAR1 no PAR1"),
    "a CSV as Parquet": ("parquet", tiny.table()),
}


@pytest.mark.parametrize("what", NO_TABLES)
def test_what_is_no_sound_table_becomes_no_dataset(what: str, house: House, api: Api) -> None:
    kind, data = NO_TABLES[what]
    body = {
        "upload": sent(api, data),
        "team": TEAM,
        "name": "bad-rows",
        "format": kind,
        "split": "test",
        "target": "y" if kind == "npz" else "diagnosis",
        "origin": "nowhere",
        "licence": "none",
    }
    refused(api, "/datasets", body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a.txt", "size": 0}, "size"),
        ({"name": "a.txt", "size": -1}, "size"),
        ({"name": "../a.txt", "size": 1}, "name"),
        ({"name": "a/b.txt", "size": 1}, "name"),
        ({"name": ".", "size": 1}, "name"),
        ({"name": "a\nb", "size": 1}, "name"),
        ({"name": "a.txt", "size": 1, "sha256": "0" * 63}, "sha256"),
        ({"name": "a.txt", "size": 1, "sha256": "sha256:" + "G" * 64}, "sha256"),
    ],
)
def test_an_upload_is_announced_properly(
    body: dict[str, Any], field: str, api: Api, stage: Stage
) -> None:
    with nothing_written(stage.folder):
        refusal(api.send("POST", "/uploads", body), 422, field=field)


def test_an_upload_takes_what_was_announced_and_nothing_else(api: Api, stage: Stage) -> None:
    announced = {"name": "a.txt", "size": 10}
    upload = api.send("POST", "/uploads", announced).json()["id"]
    with nothing_written(stage.folder):
        refusal(_patch(api, upload, b"x" * 11), 413, field="body")
        refusal(_patch(api, upload, b"x", offset="3"), 409, field="Upload-Offset")
        for offset in ("", "-1", "1e1", "ten", "9" * 19, "0, 0"):
            refusal(_patch(api, upload, b"x", offset=offset), 422, field="Upload-Offset")
        for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
            refusal(_patch(api, upload, b"x", kind=kind), 415)
    assert api.get(f"/uploads/{upload}").json()["offset"] == 0


def test_bytes_without_the_announced_digest_are_refused(api: Api) -> None:
    announced = {"name": "a.txt", "size": 4, "sha256": "0" * 64}
    upload = api.send("POST", "/uploads", announced).json()["id"]
    refusal(_patch(api, upload, b"abcd"), 422)
    body = {"artifacts": [{"upload": upload, "role": "model"}]}
    with nothing_written():
        refusal(api.send("POST", VERSIONS, body), 404, 409, 422)
