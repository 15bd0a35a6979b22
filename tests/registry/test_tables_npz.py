"""What the dataset reader makes of NPZ files, and of any bytes at all."""

import io
import json
import random
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import Invalid, TooLarge
from registry.tables.reading import FORMATS, inspect, load
from tests.registry.table_files import CSV, look, npz, parquet, read, refusal

X = np.arange(24, dtype=np.float64).reshape(4, 3, 2)
Y = np.array([0, 1, 2, 1])


class TestNpz:
    @pytest.mark.parametrize("packed", [False, True])
    def test_gives_images_with_their_shape(self, packed: bool) -> None:
        data = npz(packed=packed, x=X, y=Y)
        schema = look(data, "npz")
        assert schema["shape"] == [4, 3, 2]
        assert schema["feature_names"] is None
        assert (schema["classes"], schema["task_hint"]) == (["0", "1", "2"], "multiclass")
        assert schema["columns"] == [
            {"name": "x", "dtype": "float64"},
            {"name": "y", "dtype": "int64"},
        ]
        table = read(data, "npz")
        assert table.features.dtype == np.float32
        assert (table.features == X).all()
        assert table.target.tolist() == Y.tolist()

    def test_reads_a_file_like_its_bytes(self, tmp_path: Path) -> None:
        path = tmp_path / "data"
        path.write_bytes(npz(x=X, y=Y))
        assert look(path, "npz") == look(path.read_bytes(), "npz")
        assert (read(path, "npz").features == X).all()

    @pytest.mark.parametrize("dtype", ["uint8", "int16", ">i4", "float16", ">f8", "bool"])
    def test_takes_every_type_of_number(self, dtype: str) -> None:
        x = np.array([[0, 1], [1, 1]]).astype(dtype)
        assert read(npz(x=x, y=np.array([0, 1])), "npz").features.tolist() == [[0, 1], [1, 1]]

    def test_takes_arrays_in_fortran_order(self) -> None:
        x = np.asfortranarray(X[:, :, 0])
        assert (read(npz(x=x, y=Y), "npz").features == x).all()

    def test_names_the_row_in_fortran_order(self) -> None:
        x = np.asfortranarray(X[:, :, 0])
        x[2, 1] = np.nan
        assert "Row 3, column 'x': nan" in refusal(npz(x=x, y=Y), "npz").reason

    def test_names_features_and_classes_by_their_arrays(self) -> None:
        data = npz(
            x=X[:, :, 0],
            y=Y,
            feature_names=np.array(["height", "width", "depth"]),
            classes=np.array(["zero", "one", "two"]),
        )
        table = read(data, "npz")
        assert table.feature_names == ["height", "width", "depth"]
        assert table.classes == ["zero", "one", "two"]
        assert table.target.tolist() == [0, 1, 2, 1]
        assert read(data, "npz", classes=["one", "two", "zero"]).target.tolist() == [2, 0, 1, 0]

    def test_names_features_by_number_without(self) -> None:
        assert look(npz(x=X[:, :, 0], y=Y), "npz")["feature_names"] == ["x0", "x1", "x2"]

    def test_takes_texts_and_measures_as_target(self) -> None:
        words = np.array(["b", "a", "c", "a"])
        assert read(npz(x=X, y=words), "npz").target.tolist() == [1, 0, 2, 0]
        assert read(npz(x=X, y=Y / 2), "npz").target.tolist() == [0, 0.5, 1, 0.5]

    def test_reads_many_pieces(self) -> None:
        x = np.random.default_rng(1).normal(size=(700, 1000))
        y = np.arange(700) % 2
        assert (read(npz(x=x, y=y), "npz").features == x.astype(np.float32)).all()
        x[699, 999] = np.inf
        assert "Row 700" in refusal(npz(x=x, y=y), "npz").reason

    @pytest.mark.parametrize(
        ("arrays", "said"),
        [
            ({"x": X}, "no array y"),
            ({"y": Y}, "no array x"),
            ({"x": X, "y": Y, "z": Y}, "not 'z.npy'"),
            ({"x": X[:3], "y": Y}, "y has the shape (4,), not (3,)"),
            ({"x": X, "y": Y.reshape(2, 2)}, "y has the shape (2, 2)"),
            ({"x": Y, "y": Y}, "x has the shape (4,)"),
            ({"x": X[:, :0], "y": Y}, "x has the shape (4, 0, 2)"),
            ({"x": X[:0], "y": Y[:0]}, "no rows"),
            ({"x": X.astype(str), "y": Y}, "x holds text"),
            ({"x": X.astype(complex), "y": Y}, "not a plain array"),
            ({"x": X, "y": Y * 0}, "in every row"),
            ({"x": X, "y": np.array([0.0, 1, np.nan, 2])}, "Row 3, column 'y'"),
            ({"x": X, "y": Y, "classes": np.array(["a", "b"])}, "Row 3: y is no index into the 2"),
            ({"x": X, "y": Y - 1, "classes": np.array(["a", "b"])}, "Row 1: y is no index"),
            ({"x": X, "y": Y / 1, "classes": np.array(["a", "b", "c"])}, "holds integers"),
            ({"x": X, "y": Y, "classes": np.array(["a", "a", "b"])}, "different classes"),
            ({"x": X, "y": Y, "classes": np.array(["a", "", "b"])}, "blank"),
            ({"x": X, "y": Y, "classes": np.arange(3)}, "not a short list of texts"),
            ({"x": X, "y": Y, "feature_names": np.array(["a"])}, "1 feature names"),
            ({"x": X[:, :, 0], "y": Y, "feature_names": np.array(["a", "b", "a"])}, "Two columns"),
            ({"x": X, "y": np.array(["a", "", "b", "c"])}, "Row 2, column 'y': a value is missing"),
        ],
    )
    def test_refuses_and_says_where(self, arrays: dict[str, Any], said: str) -> None:
        assert said in refusal(npz(**arrays), "npz").reason

    def test_never_unpickles(self) -> None:
        class Boom:
            def __reduce__(self) -> tuple[Any, ...]:
                return exec, ("raise SystemExit('executed')",)

        assert "not a plain array" in refusal(npz(x=np.array([Boom()]), y=Y), "npz").reason

    def test_target_is_the_array_y(self) -> None:
        assert refusal(npz(x=X, y=Y), "npz", target="x").field == "target"

    def test_refuses_too_many_rows(self) -> None:
        assert isinstance(refusal(npz(x=X, y=Y), "npz", rows=3), TooLarge)

    def test_refuses_declared_sizes_before_unpacking(self) -> None:
        zeros = b"\0" * 2**20
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open("x.npy", "w", force_zip64=True) as file:
                head = io.BytesIO()
                fields = {"descr": "<f8", "fortran_order": False, "shape": (2**20, 8)}
                np.lib.format.write_array_header_1_0(head, fields)
                file.write(head.getvalue())
                for _ in range(64):
                    file.write(zeros)
            with archive.open("y.npy", "w") as file:
                np.lib.format.write_array(file, np.zeros(2**20, np.int8))
        data = buffer.getvalue()
        assert len(data) < 10**5
        assert isinstance(refusal(data, "npz", rows=2**20 - 1), TooLarge)

    def test_refuses_a_header_that_lies_about_the_size(self) -> None:
        member = io.BytesIO()
        np.save(member, X)
        buffer = io.BytesIO(npz(y=Y))
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.writestr("x.npy", member.getvalue().replace(b"(4, 3, 2)", b"(4, 3, 9)"))
        assert "size that its header declares" in refusal(buffer.getvalue(), "npz").reason

    def test_refuses_changed_values(self) -> None:
        data = bytearray(npz(x=X, y=Y))
        place = data.index(struct.pack("<d", 7.0))
        data[place + 6] ^= 1
        assert "cannot be read as npz" in refusal(bytes(data), "npz").reason

    def test_refuses_an_array_twice(self) -> None:
        buffer = io.BytesIO(npz(x=X, y=Y))
        with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as archive:
            archive.writestr("y.npy", b"")
        refusal(buffer.getvalue(), "npz")

    def test_refuses_a_long_list_of_contents(self) -> None:
        buffer = io.BytesIO(npz(x=X, y=Y))
        with zipfile.ZipFile(buffer, "a") as archive:
            for number in range(2000):
                archive.writestr(f"{number}.npy", b"")
        assert "list of contents" in refusal(buffer.getvalue(), "npz").reason


class TestWhateverTheBytes:
    def test_the_content_must_be_of_the_format(self) -> None:
        samples = {"csv": CSV, "parquet": parquet(a=[1, 2], y=[0, 1]), "npz": npz(x=X, y=Y)}
        for format, data in samples.items():
            assert look(data, format)["rows"]
            for other in set(FORMATS) - {format}:
                assert refusal(data, other).field == "format"

    def test_other_formats_are_refused(self) -> None:
        assert refusal(CSV, "pickle").field == "format"

    def test_the_schema_is_json(self) -> None:
        for data, format in ((CSV, "csv"), (npz(x=X, y=Y), "npz")):
            schema = look(data, format)
            assert json.loads(json.dumps(schema)) == schema

    def test_another_file_than_that_of_the_schema_is_refused(self) -> None:
        schema = look(CSV)
        for other in (
            CSV + CSV.splitlines()[1],
            CSV.replace(b"age", b"old"),
            CSV[: CSV.index(b"27")],
        ):
            with pytest.raises(Invalid, match="schema"):
                load(other, format="csv", schema=schema, max_rows=1000)
        with pytest.raises(Invalid, match="schema"):
            load(npz(x=X[:3], y=Y[:3]), format="npz", schema=look(npz(x=X, y=Y), "npz"), max_rows=9)

    def test_no_bytes_bring_more_than_a_refusal(self) -> None:
        self.check()

    @staticmethod
    @settings(max_examples=300, deadline=None)
    @given(st.binary(max_size=300), st.sampled_from(FORMATS), st.sampled_from(["a", "y", ""]))
    def check(data: bytes, format: str, target: str) -> None:
        start = {"csv": b"", "parquet": b"PAR1", "npz": b"PK\x03\x04"}[format]
        answer_or_refuse(start + data, format, target)

    @settings(max_examples=200, deadline=None)
    @given(st.text(alphabet='ab,y01.-e"\n\r \t\0=é', max_size=200))
    def test_no_text_brings_more_than_a_refusal(self, text: str) -> None:
        answer_or_refuse(f"a,y\n{text}".encode(), "csv", "y")

    @pytest.mark.parametrize("format", ["parquet", "npz"])
    def test_no_damage_brings_more_than_a_refusal(self, format: str) -> None:
        good = {
            "parquet": parquet(a=[1, 2, 3], b=[0.5, 1, 2], y=["u", "v", "u"]),
            "npz": npz(packed=True, x=X, y=Y, classes=np.array(["a", "b", "c"])),
        }[format]
        dice = random.Random(7)
        for _ in range(600):
            damaged = bytearray(good)
            for _ in range(dice.randint(1, 4)):
                damaged[dice.randrange(4, len(damaged))] = dice.randrange(256)
            cut = dice.choice([len(damaged), dice.randrange(len(damaged))])
            answer_or_refuse(bytes(damaged[:cut]), format, "y")


def answer_or_refuse(data: bytes, format: str, target: str) -> None:
    try:
        schema = inspect(data, format=format, target=target, max_rows=1000)
        table = load(data, format=format, schema=schema, max_rows=1000)
    except (Invalid, TooLarge):
        pass
    else:
        assert list(table.features.shape) == schema["shape"]
        assert np.isfinite(table.features).all()
        assert len(table.target) == schema["rows"]
