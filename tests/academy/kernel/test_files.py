"""Files that people bring: by their content, once, whole or not at all."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from academy.kernel.files import Files


def test_a_file_is_found_by_its_hash_and_the_same_content_is_there_once(tmp_path: Path):
    files = Files(tmp_path / "media")
    digest = files.keep(io.BytesIO(b"hello"))
    assert digest == hashlib.sha256(b"hello").hexdigest()
    assert files.keep(io.BytesIO(b"hello")) == digest
    assert files.path(digest).read_bytes() == b"hello"
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [files.path(digest)]


class Breaking(io.BytesIO):
    """A stream that ends in the middle with an error, as when somebody's line breaks."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError("the line broke")
        return super().read(3)


def test_what_did_not_arrive_whole_leaves_nothing_behind(tmp_path: Path):
    files = Files(tmp_path / "media")
    with pytest.raises(OSError, match="the line broke"):
        files.keep(Breaking(b"hello"))
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_it_is_read_piece_by_piece(tmp_path: Path):
    asked = []

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(size)
            return super().read(size)

    Files(tmp_path).keep(Counting(b"x" * (3 << 20)))
    assert set(asked) == {1 << 20}


@pytest.mark.parametrize(
    "name", ["", "../secret-key", "/etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "../" + "a" * 61]
)
def test_no_name_but_a_hash_is_a_place(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        Files(tmp_path).path(name)
