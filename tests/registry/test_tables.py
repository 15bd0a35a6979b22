"""A dataset file is read as it says, or refused with the place that is at fault."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from common.errors import Invalid, TooLarge
from registry.tables.reading import inspect, load
from tests.registry.table_files import CSV, ROWS, labels, look, parquet, read, refusal


class TestCsv:
    def test_tells_columns_types_classes_and_shape(self) -> None:
        assert look(CSV) == {
            "columns": [
                {"name": "age", "dtype": "int64"},
                {"name": "income", "dtype": "float64"},
                {"name": "member", "dtype": "bool"},
                {"name": "y", "dtype": "string"},
            ],
            "feature_names": ["age", "income", "member"],
            "target": "y",
            "task_hint": "binary",
            "classes": ["no", "yes"],
            "shape": [3, 3],
            "rows": 3,
        }

    def test_gives_features_as_float32_and_class_indexes(self) -> None:
        table = read(CSV)
        assert table.features.dtype == np.float32
        assert table.features.tolist() == ROWS
        assert table.target.dtype == np.int64
        assert table.target.tolist() == [0, 1, 0]
        assert (table.classes, table.feature_names) == (["no", "yes"], ["age", "income", "member"])

    def test_reads_a_file_like_its_bytes(self, tmp_path: Path) -> None:
        path = tmp_path / "data"
        path.write_bytes(CSV)
        assert look(path) == look(CSV)
        assert read(path).features.tolist() == ROWS

    def test_the_target_may_stand_anywhere(self) -> None:
        table = read(b"y,a\n0,5\n1,6\n")
        assert (table.features.tolist(), table.target.tolist()) == ([[5], [6]], [0, 1])

    def test_reads_quoted_fields_blanks_bom_and_windows_lines(self) -> None:
        data = b'\xef\xbb\xbf"a, b" , y\r\n" 1 ",x \r\n2, z\r\n\r\n'
        table = read(data)
        assert table.feature_names == ["a, b"]
        assert table.features.tolist() == [[1], [2]]
        assert look(b'a,y\n1,"x, ""q"""\n2,z\n')["classes"] == ['x, "q"', "z"]

    def test_spreadsheet_formulas_are_text(self) -> None:
        formula = '=HYPERLINK("x")'
        quoted = formula.replace('"', '""')
        assert look(f'a,y\n1,"{quoted}"\n2,z\n'.encode())["classes"] == [formula, "z"]

    def test_many_blocks_are_one_table(self) -> None:
        count = 400_000
        data = b"a,y\n" + b"".join(b"%d.25,%d\n" % (n, n % 3) for n in range(count))
        schema = look(data, rows=count)
        assert schema["shape"] == [count, 1]
        table = load(data, format="csv", schema=schema, max_rows=count)
        assert table.features[:, 0].tolist() == [n + 0.25 for n in range(count)]
        assert table.target.tolist() == [n % 3 for n in range(count)]

    def test_names_the_row_in_a_later_block(self) -> None:
        data = b"a,y\n" + b"1,0\n2,1\n" * 1_200_000 + b"bad,0\n"
        assert "Row 2400002, column 'a': 'bad'" in refusal(data, rows=10**7).reason

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "empty"),
            (b"\n\n", "no rows"),
            (b"a,y\n", "no rows"),
            (b"a,y", "no rows"),
            (b"y\n1\n2\n", "one column"),
            (b"a,b\n1,2\n", "no column 'y'"),
            (b"a,a,y\n1,2,3\n", "Two columns are named 'a'"),
            (b"a, a,y\n1,2,3\n", "Two columns are named 'a'"),
            (b"a,,y\n1,2,3\n", "Column 2 has no name"),
            (b"a, ,y\n1,2,3\n", "Column 2 has no name"),
            (b'"a\tb",y\n1,2\n', "control character"),
            (b"a" * 201 + b",y\n1,2\n", "more than 200 characters"),
            (b"a,y\n1,0\n,1\n", "Row 3, column 'a': a value is missing"),
            (b"a,y\n1,0\n2,\n", "Row 3, column 'y': a value is missing"),
            (b"a,y\n1,0\n2,  \n", "Row 3, column 'y': a value is missing"),
            (b"a,y\n1,0\nnan,1\n", "Row 3, column 'a': nan is not a finite number"),
            (b"a,y\n1,0\n-inf,1\n", "Row 3, column 'a': -inf is not a finite number"),
            (b"a,y\n1,0\n1e39,1\n", "Row 3, column 'a': 1e+39 does not fit"),
            (b"a,y\n1,0.5\n1,nan\n", "Row 3, column 'y': nan"),
            (b"a,y\n1,0\n1,2,3\n", "Row 3 has 3 values, the header 2"),
            (b"a,y\n1,0\n1\n", "Row 3 has 1 values, the header 2"),
            (b"a,y\n1,0\nred,1\n", "Row 3, column 'a': 'red' is not a number"),
            (b"a,y\n1,0\n1_0,1\n", "'1_0' is not a number"),
            (b"a,y\n1,0\n0x1,1\n", "'0x1' is not a number"),
            (b"a,y\n1,0\ntrue,1\n", "Row 3, column 'a': 'true' is not a number"),
            (b"a,y\n1,0\x00\n2,1\n", "NUL byte"),
            ("a,y\n1,0\n2,1\n".encode("utf-16"), "NUL byte"),
            (b"a,y\n1,caf\xe9\n2,b\n", "not UTF-8"),
            (b"a,y\xff\n1,2\n", "not UTF-8"),
            (b"a,y\n1,0\n1,0\n", "'0' in every row"),
            (b"a,y\n1,0.5\n1,0.5\n", "'0.5' in every row"),
            (b"a,y\n1,x\n1,x\n", "'x' in every row"),
            (labels("a\tb", "c"), "control character"),
            (labels("a" * 201, "c"), "more than 200 characters"),
            (labels("a" * 2000, "c"), "at most 200 characters"),
            (b'a,y\n1,0\n2,"1\n', "a quote that is not closed"),
        ],
    )
    def test_refuses_and_says_where(self, data: bytes, said: str) -> None:
        assert said in refusal(data).reason

    def test_names_the_column_in_the_field(self) -> None:
        assert refusal(b"a,y\n1,0\nred,1\n").field == "a"
        assert refusal(CSV, target="missing").field == "target"

    def test_true_and_false_do_not_mix_with_numbers_across_blocks(self) -> None:
        data = b"a,y\n" + b"true,1\nfalse,2\n" * 500_000 + b"7,1\n"
        assert (
            "Row 1000002, column 'a': '7' is not true or false" in refusal(data, rows=10**7).reason
        )

    def test_refuses_too_many_rows(self) -> None:
        assert look(CSV, rows=3)["rows"] == 3
        assert isinstance(refusal(CSV, rows=2), TooLarge)

    def test_refuses_too_many_columns(self) -> None:
        names = ",".join(f"c{n}" for n in range(4096))
        values = ",".join("1" for _ in range(4096))
        assert "4096 columns" in refusal(f"{names},y\n{values},0\n".encode()).reason
        wide = f"{names.removeprefix('c0,')},y\n{values}\n{values[:-1]}0\n".encode()
        assert look(wide)["shape"] == [2, 4095]


class TestTheKindOfTarget:
    @pytest.mark.parametrize(
        ("values", "task", "classes"),
        [
            (["b", "a"], "binary", ["a", "b"]),
            (["c", "b", "a"], "multiclass", ["a", "b", "c"]),
            (["1", "0"], "binary", ["0", "1"]),
            (["10", "9", "-1"], "multiclass", ["-1", "9", "10"]),
            (["1", "x"], "binary", ["1", "x"]),
            (["1.5", "x"], "binary", ["1.5", "x"]),
            (["True", "False"], "binary", ["False", "True"]),
            (["1.0", "2.0"], "regression", None),
            (["1", "2.5"], "regression", None),
            ([str(n) for n in range(100)], "multiclass", [str(n) for n in range(100)]),
            ([str(n) for n in range(101)], "regression", None),
            ([str(n) for n in range(2000)], "regression", None),
        ],
    )
    def test_follows_from_its_values(
        self, values: list[str], task: str, classes: list[str] | None
    ) -> None:
        schema = inspect(labels(*values), format="csv", target="y", max_rows=5000)
        assert (schema["task_hint"], schema["classes"]) == (task, classes)

    def test_one_integer_written_in_two_ways_is_one_class(self) -> None:
        table = read(labels("01", "1", "2"))
        assert (table.classes, table.target.tolist()) == (["1", "2"], [0, 0, 1])

    def test_too_many_texts_are_refused(self) -> None:
        values = [f"id{n}" for n in range(1001)]
        assert "1000 different texts" in refusal(labels(*values), rows=5000).reason

    def test_a_text_among_many_numbers_is_named(self) -> None:
        first = b"a,y\n" + b"".join(b"1,%d.5\n" % n for n in range(700_000))
        assert "Row 700002, column 'y': '1O.5'" in refusal(first + b"1,1O.5\n", rows=10**6).reason

    def test_numbers_can_be_asked_for(self) -> None:
        table = read(labels("3", "5", "3"), task="regression")
        assert table.target.dtype == np.float32
        assert table.target.tolist() == [3, 5, 3]
        assert table.classes is None

    def test_numbers_of_texts_cannot(self) -> None:
        with pytest.raises(Invalid, match="'b' is not a number"):
            read(labels("b", "a"), task="regression")

    def test_regression_gives_float32(self) -> None:
        table = read(labels("0.5", "2"))
        assert table.target.dtype == np.float32
        assert table.target.tolist() == [0.5, 2]

    def test_classes_of_a_regression_target_cannot_be_asked_for(self) -> None:
        with pytest.raises(Invalid) as refused:
            read(labels("0.5", "2"), task="multiclass")
        assert refused.value.field == "task"

    def test_indexes_follow_a_list_given_by_the_model(self) -> None:
        table = read(labels("b", "a"), classes=["c", "b", "a"])
        assert (table.target.tolist(), table.classes) == ([1, 2], ["c", "b", "a"])

    def test_a_class_unknown_to_the_model_is_named(self) -> None:
        with pytest.raises(Invalid, match="Row 3, column 'y': 'b' is none of the classes"):
            read(labels("a", "b"), classes=["a", "c"])


class TestParquet:
    def test_is_read_like_csv(self) -> None:
        data = parquet(
            age=pa.array([31, 42, 27], pa.int32()),
            income=[1.5, 2000.0, -1.0],
            member=[True, False, True],
            y=["no", "yes", "no"],
        )
        assert look(data, "parquet") == look(CSV)
        table = read(data, "parquet")
        assert table.features.tolist() == ROWS
        assert table.target.tolist() == [0, 1, 0]

    def test_reads_a_file_like_its_bytes(self, tmp_path: Path) -> None:
        path = tmp_path / "data"
        path.write_bytes(parquet(a=[1, 2], y=[0, 1]))
        assert look(path, "parquet") == look(path.read_bytes(), "parquet")

    @pytest.mark.parametrize(
        ("values", "classes"),
        [
            ([True, False], ["false", "true"]),
            ([7, 3], ["3", "7"]),
            (pa.array(["b", "a"]).dictionary_encode(), ["a", "b"]),
            ([0.5, 1.0], None),
        ],
    )
    def test_takes_any_plain_target(self, values: Any, classes: list[str] | None) -> None:
        data = parquet(a=[1, 2], y=values)
        assert look(data, "parquet")["classes"] == classes
        assert len(read(data, "parquet").target) == 2

    @pytest.mark.parametrize(
        ("columns", "said"),
        [
            ({"a": [1, None, 3], "y": [0, 1, 0]}, "Row 2, column 'a': a value is missing"),
            ({"a": [1, 2, 3], "y": ["b", "a", None]}, "Row 3, column 'y': a value is missing"),
            ({"a": [1.0, 2.0, float("nan")], "y": [0, 1, 0]}, "Row 3, column 'a': nan"),
            ({"a": ["x", "y"], "y": [0, 1]}, "Column 'a' holds string"),
            ({"a": [[1], [2]], "y": [0, 1]}, "Column 'a' holds list"),
            ({"a": [{"b": 1}, {"b": 2}], "y": [0, 1]}, "Column 'a' holds struct"),
            ({"a": [1, 2], "y": [[0], [1]]}, "Column 'y' holds list"),
            ({"a": pa.array([], pa.int64()), "y": pa.array([], pa.int64())}, "no rows"),
            ({"y": [0, 1]}, "one column"),
            ({"a": [1, 2], "b": [0, 1]}, "no column 'y'"),
            ({"a": [1, 2], "y": [1, 1]}, "in every row"),
            ({"a": [1, 2], "y": ["a\x00", "b"]}, "control character"),
            ({"a": [1, 2], "a\x00": [1, 2], "y": [0, 1]}, "control character"),
        ],
    )
    def test_refuses_and_says_where(self, columns: dict[str, Any], said: str) -> None:
        assert said in refusal(parquet(**columns), "parquet").reason

    def test_refuses_declared_rows_before_reading(self) -> None:
        data = parquet(a=[1] * 50, y=[0, 1] * 25)
        assert isinstance(refusal(data, "parquet", rows=49), TooLarge)

    def test_refuses_a_text_that_unfolds_a_millionfold(self) -> None:
        text = pa.DictionaryArray.from_arrays([0] * 1000 + [1], ["x" * 10**6, "y"])
        data = parquet(a=[1] * 1001, y=text)
        assert len(data) < 10**7
        assert "at most 200 characters" in refusal(data, "parquet", rows=2000).reason

    def test_refuses_a_truncated_file(self) -> None:
        data = parquet(a=[1, 2], y=[0, 1])
        assert "cannot be read as parquet" in refusal(data[:-20], "parquet").reason
