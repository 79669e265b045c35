"""The command line under --lang vi: help, usage, wrong usage, in whatever order it is typed."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from phusong.cli import main
from phusong.commands.terminal.speech import Formatter, paragraphs
from phusong.i18n import catalogue, set_language
from phusong.i18n.foreign import say_anew

ENGLISH = ("Usage", "Options", "Error", "Invalid", "Missing", "Show", "default", "Try", "Example")


def phusong(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_every_help_text_is_translated() -> None:
    missing = []
    for command in (main, *main.commands.values()):
        texts = list(paragraphs(command.help or ""))
        texts += [p.help or "" for p in command.params if isinstance(p, click.Option)]
        missing += [
            f"{command.name}: {text!r}"
            for text in texts
            if text and not text.startswith("phusong ") and text not in catalogue()
        ]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("name", ["", *main.commands])
def test_help_pages_are_vietnamese_throughout(name: str) -> None:
    for arguments in (["--help", "--lang", "vi"], ["--lang=vi", "-h"]):
        result = phusong(*([name] if name else []), *arguments)
        assert result.exit_code == 0
        assert "Cách dùng: " in result.output
        found = [word for word in ENGLISH if word in result.output]
        assert not found, result.output


def test_help_in_english_is_as_it_was() -> None:
    output = phusong("run", "--help").output
    assert "Usage: main run [OPTIONS] STUDY" in output
    assert "Folder for the results.  [default: out]" in output
    assert "Lists" not in phusong("--help").output
    assert "Answer every question of a STUDY" in phusong("--help").output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run"], "Thiếu tham số 'STUDY'"),
        (["run", "x", "--ot", "y"], "Không có tùy chọn"),
        (["runn"], "Không có lệnh 'runn'"),
        (["run", "x", "--decimal", "3"], "'3' không nằm trong '.', ','"),
        (["extend", "x", "--budget-usd", "abc"], "'abc' không phải một số hợp lệ"),
        (["models", "a", "b"], "Thừa các tham số (a b)"),
        (["run", "x", "--out"], "Tùy chọn '--out' cần một giá trị"),
        (["store", "x", "--max-mib", "-1"], "nằm ngoài khoảng x>=0"),
        (["check"], "hãy chỉ ra thư mục nghiên cứu"),
    ],
)
def test_wrong_usage_is_said_in_vietnamese(arguments: list[str], says: str) -> None:
    result = (
        phusong(*arguments, "--lang", "vi")
        if arguments[-1] != "--out"
        else phusong("--lang", "vi", *arguments)
    )
    assert result.exit_code == 2
    assert says in result.output
    assert "Lỗi: " in result.output
    assert not [word for word in ENGLISH if word in result.output], result.output


def test_wrong_language_is_said_in_english() -> None:
    result = phusong("run", "x", "--lang", "fr")
    assert result.exit_code == 2
    assert "'fr' is not one of 'vi', 'en'" in result.output


def test_environment_chooses_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHUSONG_LANG", "vi")
    assert "Tùy chọn:" in phusong("run", "--help").output
    assert "Options:" in phusong("run", "--help", "--lang", "en").output


def test_no_arguments_are_answered_with_the_help() -> None:
    said = CliRunner().invoke(main, [])
    assert said.exit_code == 2
    assert "calibrate" in said.output
    assert not isinstance(said.exception, ValueError)


def test_what_is_not_known_stays_as_it_is() -> None:
    set_language("vi")
    assert say_anew("Gremlins.", "click.toml") == "Gremlins."
    assert say_anew("Invalid value for '--x': Gremlins.", "click.toml") == (
        "Giá trị của '--x' không hợp lệ: Gremlins."
    )
    formatter = Formatter(width=60)
    formatter.write_dl([("--x", "Gremlins [of old].  [default: 3; required]")])
    assert "Gremlins [of old].  [mặc định: 3; bắt buộc]" in formatter.getvalue()


def test_study_errors_are_vietnamese(tmp_path: Path) -> None:
    result = phusong("run", str(tmp_path), "--lang", "vi")
    assert result.exit_code == 1
    assert "không tìm thấy tệp nghiên cứu" in result.output
