"""Tables are read whatever their line ends, encoding and quotes, with true line numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import tabular
from connectors.file_reading import FileError
from connectors.tabular import BadRow, Row, Table


def table(tmp_path: Path, content: bytes) -> Table:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    return Table(path)


def cells(found: Table) -> list[list[str]]:
    rows = list(found.rows())
    assert all(isinstance(row, Row) for row in rows), rows
    return [row.cells for row in rows if isinstance(row, Row)]


def lines(found: Table) -> list[int]:
    return [row.line for row in found.rows() if isinstance(row, Row)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no mark", "byte order mark"])
def test_every_line_end_is_read_with_and_without_a_byte_order_mark(tmp_path: Path, end: bytes, mark: bytes) -> None:
    found = table(tmp_path, mark + end.join([b"id,name", b"1,Ann", b"", b"2,Bo"]))
    assert found.header == ["id", "name"]
    assert cells(found) == [["1", "Ann"], ["2", "Bo"]]
    assert lines(found) == [2, 4]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_from_the_header(tmp_path: Path, delimiter: str) -> None:
    found = table(tmp_path, f"id{delimiter}name{delimiter}x\n1{delimiter}a b{delimiter}\n".encode())
    assert cells(found) == [["1", "a b", ""]]


def test_a_line_that_names_the_delimiter_is_obeyed_and_counted(tmp_path: Path) -> None:
    found = table(tmp_path, b"sep=;\nid;name\n1;a,b\n")
    assert cells(found) == [["1", "a,b"]]
    assert lines(found) == [3]


def test_a_file_that_is_not_utf_8_is_read_as_windows_1252(tmp_path: Path) -> None:
    found = table(tmp_path, "id,name\n1,Café “Chez” \n".encode("windows-1252") + b"2,\x81\xe9\n")
    assert found.encoding == "windows-1252"
    assert cells(found) == [["1", "Café “Chez”"], ["2", "é".rjust(2, "\x81")]]


def test_utf_8_is_known_even_when_its_first_accent_is_far_down(tmp_path: Path) -> None:
    found = table(tmp_path, b"id\n" + b"1\n" * 300_000 + "é\n".encode())
    assert found.encoding == "utf-8"
    assert [row.cells for row in found.rows() if isinstance(row, Row)][-1] == ["é"]


def test_quoted_newlines_keep_line_numbers_offsets_and_bytes_true(tmp_path: Path) -> None:
    content = b'id,note\r\n1,"two\r\nlines, ""quoted"""\r\n2,one\r\n'
    found = table(tmp_path, content)
    rows = [row for row in found.rows() if isinstance(row, Row)]
    assert [(row.line, row.cells) for row in rows] == [(2, ["1", 'two\r\nlines, "quoted"']), (4, ["2", "one"])]
    for row in rows:
        assert content[row.offset : row.offset + len(row.original)] == row.original
        assert found.cells_of(row.original) == row.cells


def test_a_quoted_newline_in_the_header_does_not_shift_the_lines(tmp_path: Path) -> None:
    found = table(tmp_path, b'id,"long\nname"\n1,2\n')
    assert found.header == ["id", "long\nname"]
    assert lines(found) == [3]


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    found = table(tmp_path, b'id,note\n1,a\n2,"open\n3,c\n4,d\n')
    rows = list(found.rows())
    bad = [row for row in rows if isinstance(row, BadRow)]
    assert [row.error.line for row in bad] == [3]
    assert bad[0].original == b'2,"open\n'
    assert "never closed" in bad[0].error.error
    assert [(row.line, row.cells) for row in rows if isinstance(row, Row)] == [
        (2, ["1", "a"]),
        (4, ["3", "c"]),
        (5, ["4", "d"]),
    ]


def test_a_stray_quote_does_not_swallow_the_rows_up_to_the_next_one(tmp_path: Path) -> None:
    found = table(tmp_path, b'id,note,x\n1,"a,z\n2,b,z\n3,"c",z\n')
    rows = list(found.rows())
    assert [row.error.line for row in rows if isinstance(row, BadRow)] == [2]
    assert [row.cells[0] for row in rows if isinstance(row, Row)] == ["2", "3"]


def test_memory_is_bounded_when_a_quote_opens_a_large_file(tmp_path: Path) -> None:
    found = table(tmp_path, b'id,note\n1,"open\n' + b"2,b\n" * 20_000)
    rows = list(found.rows())
    assert len([row for row in rows if isinstance(row, Row)]) == 20_000
    assert [row.error.line for row in rows if isinstance(row, BadRow)] == [2]
    assert max(len(row.original) for row in rows) < 100


def test_a_cell_above_the_bound_is_a_bad_row_and_the_next_rows_go_on(tmp_path: Path) -> None:
    found = table(tmp_path, b"id,note\n1," + b"x" * 200_000 + b"\n2,b\n")
    rows = list(found.rows())
    assert [type(row) for row in rows] == [BadRow, Row]


def test_a_line_without_end_is_refused_as_no_table(tmp_path: Path) -> None:
    found = table(tmp_path, b"id,note\n1," + b"x" * (3 * tabular.MAX_ROW_BYTES))
    with pytest.raises(FileError, match="Line 2 is longer"):
        list(found.rows())


def test_surplus_cells_are_an_error_unless_empty_and_missing_ones_are_empty(tmp_path: Path) -> None:
    found = table(tmp_path, b"id,name\n1,a,b\n2,c,,\n3\n")
    rows = list(found.rows())
    assert isinstance(rows[0], BadRow)
    assert "3 cells and the header 2" in rows[0].error.error
    assert [row.cells for row in rows[1:] if isinstance(row, Row)] == [["2", "c", "", ""], ["3"]]


def test_column_names_match_whatever_their_case_spaces_and_underscores(tmp_path: Path) -> None:
    found = table(tmp_path, b"NOPD_Item,Type_,Block Address\n")
    assert [found.index([name]) for name in ("nopd_item", "TYPE", "block_address", "zip")] == [0, 1, 2, None]
    assert found.index(["zip", "type"]) == 1
    assert found.index([""]) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n \n\r\n", "only blank lines"),
        (b"PK\x03\x04rest", "Save it as CSV"),
        (b"\x1f\x8brest", "Decompress"),
        ("id,name\n".encode("utf-16"), "UTF-16"),
        (b"id\x00\x01\x02", "not text"),
        (b"sep=;\n", "no line that names the columns"),
        (b'"id,name\n1,2\n', "header"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_what_to_do(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(FileError, match=says):
        table(tmp_path, content)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="There is no file"):
        Table(tmp_path / "none.csv")
    with pytest.raises(FileError, match="is not a file"):
        Table(tmp_path)


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=2, max_size=2), max_size=8))
def test_what_the_csv_module_writes_is_read_back_row_for_row(
    tmp_path_factory: pytest.TempPathFactory, written: list[list[str]]
) -> None:
    import csv

    path = tmp_path_factory.mktemp("csv") / "table.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["first", "second"])
        writer.writerows(written)
    if b"\x00" in path.read_bytes():
        with pytest.raises(FileError):
            Table(path)
        return
    expected = [[cell.strip() for cell in row] for row in written]
    assert cells(Table(path)) == [row for row in expected if any(row)]
