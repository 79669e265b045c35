"""The study file: what is wrong is named with its line and the nearest valid key."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.errors import OutputError, StudyError
from phusong.i18n import set_language
from phusong.study.file import new_study, parse_study, read_study
from phusong.study.validated import key_lines

TEMPLATE = (files("phusong.study") / "template.toml").read_text("utf-8")
FILE = Path("/somewhere/study.toml")


def broken(old: str, new: str) -> str:
    assert old in TEMPLATE
    with pytest.raises(StudyError) as caught:
        parse_study(TEMPLATE.replace(old, new, 1), FILE)
    return str(caught.value)


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(TEMPLATE.splitlines(), 1) if text in line)


def test_template_is_valid_and_keeps_its_folder() -> None:
    study = parse_study(TEMPLATE, FILE)
    assert study.folder == FILE.parent
    assert study.resolve(Path("data/x.tif")) == FILE.parent / "data/x.tif"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("rx_height_m = 1.5", "rx_heigth_m = 1.5", ["radio.rx_heigth_m", "`rx_height_m`"]),
        ("radius_km = 20.0", "radius_m = 20000", ["given in km", "`radius_km`"]),
        ("height_m = 35.0", "height_ft = 115", ["given in m", "`height_m`"]),
        ("radius_km = 20.0", 'radius_km = "20 km"', ["number without a unit", "'20 km'"]),
        ("probability = 0.75", "probability = 75", ["must be under 1", "75"]),
        ('weight = "people"', 'weight = "humans"', ["'people' or 'area'", "'humans'"]),
        ('name = "My province"', 'name = ""', ["must not be empty"]),
        ("correlation_m = 200.0", "correlation_m = inf", ["takes a finite number", "inf"]),
        ("threshold_dbm = -95.0", "treshold_dbm = -95.0", ["GSM", "`threshold_dbm`"]),
    ],
)
def test_wrong_line_is_named(old: str, new: str, words: list[str]) -> None:
    message = broken(old, new)
    assert f"line {line_of(old)}" in message
    for word in words:
        assert word in message


def test_all_problems_at_once() -> None:
    text = TEMPLATE.replace("rx_height_m", "rx_hight_m").replace("hollow_share", "holow_share")
    with pytest.raises(StudyError) as caught:
        parse_study(text, FILE)
    assert "rx_height_m" in str(caught.value)
    assert "hollow_share" in str(caught.value)


def test_missing_table_is_named() -> None:
    message = broken("[terrain]", "[terrane]")
    assert "`terrain` is missing" in message
    assert "nearest valid key is `terrain`" in message


def test_error_speaks_vietnamese() -> None:
    set_language("vi")
    message = broken("radius_km = 20.0", "radius_m = 20000")
    assert "không tồn tại" in message
    assert f"dòng {line_of('radius_km = 20.0')}" in message


def test_not_toml_names_line() -> None:
    with pytest.raises(StudyError, match="line 2"):
        parse_study("[study]\nname = 20 km\n", FILE)


@pytest.mark.parametrize("path", [r"data\towers\cells.csv", r"data\towers\new.csv", "data\\"])
def test_windows_path_in_double_quotes_says_what_to_write(path: str) -> None:
    text = TEMPLATE.replace('"data/towers/cells.csv"', f'"{path}"')
    assert text != TEMPLATE
    with pytest.raises(StudyError, match="single quotes"):
        parse_study(text, FILE)
    if not path.endswith("\\"):
        assert parse_study(text.replace(f'"{path}"', f"'{path}'"), FILE)


def test_toml_reader_is_heard_in_vietnamese() -> None:
    set_language("vi")
    for text, says in {
        "[study\n": "thiếu dấu ] sau tên bảng (dòng 1, cột 7)",
        "a = [1": "danh sách chưa đóng bằng ] (ở cuối tệp)",
        "a = 1\na = 2\n": "khóa này đã có giá trị (dòng 2, cột 6)",
        "a = 20 km": "sau giá trị phải xuống dòng (dòng 1, cột 8)",
        "a = yes": "giá trị không hợp lệ (dòng 1, cột 5)",
        "[a]\n[a]\n": "bảng ('a',) được khai báo hai lần (dòng 2, cột 3)",
        "a = {x = 1, x = 2}": "khóa 'x' xuất hiện hai lần trong một bảng (dòng 1, cột",
        'a = "x': "chữ chưa đóng dấu nháy (ở cuối tệp)",
    }.items():
        with pytest.raises(StudyError) as caught:
            parse_study(text, FILE)
        assert says in str(caught.value)


def test_byte_order_mark_and_missing_file(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(TEMPLATE, "utf-8-sig")
    assert read_study(tmp_path).study.name == "My province"
    with pytest.raises(StudyError, match="no study file"):
        read_study(tmp_path / "nowhere")


def test_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_bytes("# tỉnh".encode("utf-16"))
    with pytest.raises(StudyError, match="not UTF-8"):
        read_study(tmp_path)


def test_new_never_overwrites(tmp_path: Path) -> None:
    file = new_study(tmp_path / "tỉnh A")
    assert read_study(file).study.name == "My province"
    assert (tmp_path / "tỉnh A" / "data" / "towers").is_dir()
    with pytest.raises(OutputError):
        new_study(tmp_path / "tỉnh A")


def test_partly_given_technology_keeps_defaults() -> None:
    study = parse_study(TEMPLATE, FILE)
    assert study.radio.technologies["NR"].subcarrier_khz is None
    assert study.radio.technologies["UMTS"].cpich_share_db == -10


def test_fingerprint_moves_with_the_study_not_the_folder() -> None:
    one = parse_study(TEMPLATE, FILE)
    assert one.fingerprint() == parse_study(TEMPLATE, Path("/elsewhere/study.toml")).fingerprint()
    other = parse_study(TEMPLATE.replace("radius_km = 20.0", "radius_km = 21.0"), FILE)
    assert one.fingerprint() != other.fingerprint()


def test_key_lines_of_arrays_of_tables() -> None:
    text = "[a]\nx = 1\n[[b]]\ny = 1\n[[b]]\n y = 2\n[b.c]\nz.w = 3\n"
    lines = key_lines(text)
    assert lines["a", "x"] == 2
    assert lines["b", 0, "y"] == 4
    assert lines["b", 1, "y"] == 6
    assert lines["b", 1, "c", "z", "w"] == 8


@given(st.text(max_size=200))
def test_any_text_is_a_study_error_or_a_study(text: str) -> None:
    with pytest.raises(StudyError):
        parse_study(text, FILE)
