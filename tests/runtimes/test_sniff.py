"""A file is known by its content, and each refusal says what to do instead."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib

import joblib
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from runtimes.sniff import HEAD, sniff
from tests.runtimes import hostile


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


def torch_file(*, as_zip: bool) -> bytes:
    target = io.BytesIO()
    torch.save({"w": torch.zeros(2)}, target, _use_new_zipfile_serialization=as_zip)
    return target.getvalue()


def joblib_file(compress: int) -> bytes:
    target = io.BytesIO()
    joblib.dump({"w": np.zeros(2)}, target, compress=compress)
    return target.getvalue()


def arrays() -> bytes:
    target = io.BytesIO()
    np.savez(target, x=np.zeros(2))
    return target.getvalue()


def tarred() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "empty"),
        (pickle.dumps({"a": 1}), "pickle"),
        (pickle.dumps({"a": 1}, protocol=0), "pickle"),
        (torch_file(as_zip=True), "torch"),
        (torch_file(as_zip=False), "torch"),
        (joblib_file(0), "joblib"),
        (joblib_file(3), "joblib"),
        (zipped("metadata.json", "config.json", "model.weights.h5"), "keras"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "keras"),
        (zipped("a.txt"), "zip"),
        (arrays(), "npz"),
        (b"GGUF\x03\x00\x00\x00", "gguf"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(20), "tflite"),
        (b"\x1c\x00\x00\x00ORTM" + bytes(20), "ort"),
        (b"PAR1" + bytes(20), "parquet"),
        (gzip.compress(b"x", mtime=0), "gzip"),
        (bz2.compress(b"x"), "bzip2"),
        (lzma.compress(b"x"), "xz"),
        (zlib.compress(b"x"), "joblib"),
        (tarred(), "tar"),
        (b"\x7fELF\x02", "program"),
        (b"#!/bin/sh\nrm", "program"),
        (b"<!DOCTYPE html><script>", "markup"),
        (b'<svg xmlns="x">', "markup"),
        (b'{"a": ', "broken json"),
        (b"[" * 60_000, "broken json"),
        (b"text with a\x00NUL", "unknown"),
        (b"\xff\xfe\x00", "unknown"),
        (b"\x80", "unknown"),
        (b"\x08", "unknown"),
        (struct.pack("<Q", 2**63) + b"{", "unknown"),
    ],
)
def test_what_cannot_be_served_is_refused_with_advice(data: bytes, name: str) -> None:
    kind = sniff(data)
    assert (kind.name, kind.use) == (name, "refused")
    assert kind.advice.endswith(".")
    assert len(kind.advice) > 25


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (save({"w": np.zeros(3, dtype=np.float32)}), "safetensors"),
        (b"%PDF-1.7\n", "pdf"),
        (json.dumps({"a": [1]}).encode(), "json"),
        (b"[" + b"1," * HEAD + b"1]", "json"),
        (b"a,b\n1,2\n", "csv"),
        ("# Karte\n\nFür Ärztinnen, geprüft.\n".encode(), "markdown"),
        (("ä" * HEAD).encode()[1:][1:], "markdown"),
        (b"x" + ("ä" * HEAD).encode(), "markdown"),
    ],
)
def test_documents_and_weights_are_kept_beside_a_model(data: bytes, name: str) -> None:
    kind = sniff(data)
    assert (kind.name, kind.use) == (name, "side file")


def test_only_onnx_is_servable() -> None:
    assert sniff(hostile.raw(hostile.linear())).use == "servable"


@given(st.binary(max_size=64))
def test_any_bytes_have_a_kind(data: bytes) -> None:
    assert sniff(data).advice
