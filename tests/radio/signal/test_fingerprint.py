"""A loss is computed anew when the code that computes it changes, not when it is explained."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from phusong.coverage.signal.fingerprint import code_fingerprint, engine_fingerprint


@pytest.fixture
def package(tmp_path):
    source = Path(str(files("phusong.coverage.propagation")))
    skip = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(source, tmp_path / "propagation", ignore=skip))


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_words_and_layout_do_not_change_it(package):
    before = code_fingerprint(package)
    assert before == engine_fingerprint()
    loss = package / "p1812" / "loss.py"
    edit(loss, 'FREE_SPACE_DB = 92.4\n"""', 'FREE_SPACE_DB  =  (\n    92.4  # dB\n)\n"""Now: ')
    edit(loss, '"""ITU-R P.1812-7: ', '"""In other words.\n\nITU-R P.1812-7: ')
    edit(
        package / "diffraction.py",
        '    """Loss J(ν) of one',
        '\n    # why\n    """The loss J(ν) of one',
    )
    assert code_fingerprint(package) == before


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("p1812/loss.py", "FREE_SPACE_DB = 92.4", "FREE_SPACE_DB = 92.45"),
        ("diffraction.py", "if nu <= -0.78:", "if nu < -0.78:"),
        ("itm/scatter.py", "_SQRT2 = math.sqrt(2.0)", "_SQRT2 = 1.4142"),
    ],
)
def test_code_changes_it(package, module, old, new):
    before = code_fingerprint(package)
    edit(package / module, old, new)
    assert code_fingerprint(package) != before


def test_a_module_more_or_elsewhere_changes_it(package):
    before = code_fingerprint(package)
    (package / "itm" / "order.py").rename(package / "order.py")
    assert code_fingerprint(package) != before
