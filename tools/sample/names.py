"""Invented place names in the manner of the northern highlands, and codes for them."""

from __future__ import annotations

import unicodedata

import numpy as np


def _words(text: str) -> tuple[str, ...]:
    return tuple(unicodedata.normalize("NFC", text).split())


COMMUNE_FIRST = _words(
    "Nậm Lũng Pả Sà Tả Thượng Khâu Sủng Thài Vần Cán Tân Minh Yên Quảng Bạch Ngọc Nà Thanh Xín "
    "Cốc Phìn Bằng Đường Niêm Sảng Du Tiên Hữu Lâm Kim Hồng Phú Linh"
)
COMMUNE_SECOND = _words(
    "Vạt Chải Lủng Khoang Trà Dịch Luông Khê Péng Ngài Ván Tráng Mía Bủng Cài Tát Sính Phẩy Rầm "
    "Hạ Xuân Lĩnh Thắng Đán Quyền Giào Pục Thẩu Sải Hòa Mạ Cuổi Tỏa Vinh Ly"
)
VILLAGE_FIRST = _words(
    "Nà Nậm Lũng Pác Khuổi Bó Cốc Khau Phia Tả Sủng Mỏ Pù Tàng Há Lùng Phìn Seo Thâm Cao Tân "
    "Trung Đoàn Làng Bản Vàng Chúng Sín Ngài Hấu Giàng Nặm Thẳm Chang Nhù Lao Suối"
)
VILLAGE_SECOND = _words(
    "Chảo Vài Mạ Luông Ngần Tềnh Phặc Lìn Thẳng Đuốc Pán Sa Lèng Khoang Tấu Pao Chứ Xà Cổ Sung "
    "Trò Hán Mừng Piao Lý Cọ Pheo Nghè Tiến Kết Thống Sáng Bành Phong Tạm Cáp Dẻ Mây Vỉ Tủng Nưa "
    "Gà Lậu Khẩn Cắm Đén"
)
REAL_COMMUNES = frozenset(
    unicodedata.normalize("NFC", name)
    for name in (
        *("Tả Ván", "Thanh Vân", "Tân Trịnh", "Minh Tân", "Ngọc Linh", "Minh Ngọc", "Yên Bình"),
        *("Quảng Ngần", "Lũng Cú", "Lũng Phìn", "Niêm Sơn", "Du Già", "Sà Phìn", "Sủng Máng"),
        *("Xín Cái", "Nà Chì", "Bạch Ngọc", "Bằng Lang", "Tân Thắng", "Tiên Yên", "Phú Linh"),
        *("Kim Ngọc", "Kim Linh", "Đường Thượng", "Minh Xuân", "Minh Khê", "Hồng Thái"),
        *("Phú Xuân", "Thanh Hòa", "Vần Chải", "Hữu Vinh", "Phú Lâm", "Tân Long"),
    )
)
"""Names that exist: the sample must not be taken for a place."""

PROVINCE_PREFIX = "09"
VILLAGE_DIGITS = 3


def _drawn(
    rng: np.random.Generator, first: tuple[str, ...], second: tuple[str, ...], count: int
) -> list[str]:
    pairs = [
        unicodedata.normalize("NFC", f"{a} {b}")
        for a in first
        for b in second
        if a.casefold() != b.casefold()
    ]
    pairs = [name for name in pairs if name not in REAL_COMMUNES]
    return [pairs[k] for k in rng.permutation(len(pairs))[:count]]


def commune_names(rng: np.random.Generator, count: int) -> list[str]:
    """Different names for ``count`` communes."""
    return _drawn(rng, COMMUNE_FIRST, COMMUNE_SECOND, count)


def village_names(rng: np.random.Generator, count: int, *, town: bool) -> list[str]:
    """Names for the villages of one commune, all different."""
    if town:
        return [f"Tổ dân phố {k + 1}" for k in range(count)]
    kind = "Bản" if rng.random() < 0.3 else "Thôn"
    names: list[str] = []
    for base in _drawn(rng, VILLAGE_FIRST, VILLAGE_SECOND, count):
        split = rng.random() < 0.12 and len(names) + 1 < count
        names += [f"{kind} {base} {n}" for n in (1, 2)] if split else [f"{kind} {base}"]
    return names[:count]


def commune_codes(count: int) -> list[str]:
    """Five digits, as text; the leading zero is part of the code. Steps of three, as in use."""
    return [f"{PROVINCE_PREFIX}{700 + 3 * k:03d}" for k in range(count)]


def village_codes(commune_code: str, count: int) -> list[str]:
    """Commune code and a running number."""
    return [f"{commune_code}{k + 1:0{VILLAGE_DIGITS}d}" for k in range(count)]
