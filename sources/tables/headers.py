"""The headers planners use, Vietnamese and English, by what they mean; the first match wins.

Headers are compared without diacritics, case and punctuation (``Mã xã`` is ``ma_xa``).
"""

from __future__ import annotations

from dataclasses import dataclass

COORDINATES: dict[str, tuple[str, ...]] = {
    "lon": (
        "lon",
        "long",
        "longitude",
        "lng",
        "kinh_do",
        "kinhdo",
        "kinh_do_wgs84",
        "long_wgs84",
        "lon_wgs84",
        "toa_do_kinh_do",
        "gps_lon",
        "gps_long",
        "x_wgs84",
    ),
    "lat": (
        "lat",
        "latitude",
        "vi_do",
        "vido",
        "vi_do_wgs84",
        "lat_wgs84",
        "toa_do_vi_do",
        "gps_lat",
        "y_wgs84",
    ),
    "x": (
        "x",
        "x_m",
        "easting",
        "east",
        "toa_do_x",
        "x_vn2000",
        "xcoord",
        "x_coord",
        "point_x",
        "coord_x",
    ),
    "y": (
        "y",
        "y_m",
        "northing",
        "north",
        "toa_do_y",
        "y_vn2000",
        "ycoord",
        "y_coord",
        "point_y",
        "coord_y",
    ),
}

_COMMUNE_CODE = (
    "ma_xa",
    "maxa",
    "ma_px",
    "ma_phuong_xa",
    "ma_xa_phuong",
    "commune_code",
    "ward_code",
    "ma_dvhc",
    "madvhc",
    "adm3_pcode",
    "xa_id",
    "commune_id",
    "maphuongxa",
)
_VILLAGE_CODE = (
    "ma_thon",
    "mathon",
    "ma_ban",
    "ma_to",
    "ma_thon_ban",
    "ma_tdp",
    "village_code",
    "village_id",
    "thon_id",
)
_ANY_CODE = ("code", "ma", "id", "osm_id", "gid", "fid", "objectid")
_ANY_NAME = ("ten", "name", "ten_day_du", "ten_goi", "name_vi", "name_1", "title", "shapename")
_STATUS = ("trang_thai", "trangthai", "status", "tinh_trang", "state", "hien_trang")
_OWNER = (
    "chu_so_huu",
    "don_vi",
    "don_vi_so_huu",
    "owner",
    "operator",
    "nha_mang",
    "don_vi_quan_ly",
    "doanh_nghiep",
)


@dataclass(frozen=True)
class Role:
    """What a layer is for: our columns with the headers they go by, and which it cannot lack."""

    name: str
    columns: dict[str, tuple[str, ...]]
    needed: tuple[str, ...] = ()


COMMUNES = Role(
    "communes",
    {
        "code": (*_COMMUNE_CODE, *_ANY_CODE),
        "name": (
            "ten_xa",
            "tenxa",
            "ten_px",
            "ten_phuong_xa",
            "commune",
            "commune_name",
            "ward",
            "adm3_vi",
            "adm3_en",
            "ten_dvhc",
            *_ANY_NAME,
        ),
    },
    ("code",),
)

VILLAGES = Role(
    "villages",
    {
        "code": (*_VILLAGE_CODE, *_ANY_CODE),
        "name": (
            "ten_thon",
            "tenthon",
            "ten_ban",
            "ten_thon_ban",
            "ten_tdp",
            "thon",
            "village",
            "village_name",
            "thon_ban",
            *_ANY_NAME,
        ),
        "commune_code": _COMMUNE_CODE,
        "population": (
            "dan_so",
            "danso",
            "population",
            "pop",
            "nhan_khau",
            "so_nhan_khau",
            "so_khau",
            "so_dan",
            "people",
        ),
    },
    ("code",),
)

COMMUNE_CENTRES = Role(
    "commune_centres",
    {
        "commune_code": (*_COMMUNE_CODE, "code"),
        "name": ("ten_xa", "ten_trung_tam", *_ANY_NAME),
    },
)

VILLAGE_CENTRES = Role(
    "village_centres",
    {
        "code": (*_VILLAGE_CODE, "code"),
        "name": ("ten_thon", "nha_van_hoa", "ten_nha_van_hoa", *_ANY_NAME),
    },
)

TOWERS = Role(
    "towers",
    {
        "site_id": (
            "ma_tram",
            "matram",
            "site_id",
            "site",
            "ma_cot",
            "ma_nha_tram",
            "site_code",
            "station_id",
            "tower_id",
            "enodeb",
            "enodebid",
            "ten_tram",
            "sitename",
            "site_name",
            "id",
            "osm_id",
        ),
        "cell_id": (
            "ma_cell",
            "cell_id",
            "cellid",
            "cell_name",
            "cellname",
            "ten_cell",
            "eci",
            "cgi",
            "ecgi",
            "ma_o",
        ),
        "operator": (
            "nha_mang",
            "nhamang",
            "operator",
            "carrier",
            "network",
            "doanh_nghiep",
            "don_vi",
            "mang",
            "mno",
        ),
        "technology": (
            "cong_nghe",
            "congnghe",
            "technology",
            "tech",
            "rat",
            "radio",
            "the_he",
            "generation",
            "loai_tram",
        ),
        "freq_mhz": (
            "bang_tan_mhz",
            "bang_tan",
            "bangtan",
            "tan_so",
            "tan_so_mhz",
            "freq_mhz",
            "frequency",
            "frequency_mhz",
            "freq",
            "band",
            "band_mhz",
            "dai_tan",
        ),
        "bandwidth_mhz": (
            "bang_thong_mhz",
            "bang_thong",
            "do_rong_kenh",
            "bandwidth_mhz",
            "bandwidth",
            "bw_mhz",
            "bw",
        ),
        "height_m": (
            "do_cao_m",
            "do_cao",
            "docao",
            "do_cao_anten",
            "do_cao_anten_m",
            "chieu_cao",
            "chieu_cao_anten",
            "chieu_cao_cot",
            "do_cao_cot",
            "height_m",
            "height",
            "antenna_height",
            "antenna_height_m",
            "tower_height",
        ),
        "azimuth_deg": (
            "huong_anten",
            "huong",
            "goc_phuong_vi",
            "phuong_vi",
            "azimuth_deg",
            "azimuth",
            "bearing",
            "direction",
        ),
        "mechanical_tilt_deg": (
            "goc_nghieng_co",
            "tilt_co",
            "mechanical_tilt_deg",
            "mechanical_tilt",
            "m_tilt",
            "mtilt",
            "mdt",
        ),
        "electrical_tilt_deg": (
            "goc_nghieng_dien",
            "tilt_dien",
            "electrical_tilt_deg",
            "electrical_tilt",
            "e_tilt",
            "etilt",
            "edt",
            "tilt",
            "goc_nghieng",
        ),
        "eirp_dbm": ("eirp_dbm", "eirp"),
        "tx_power_dbm": ("cong_suat_dbm", "tx_power_dbm", "power_dbm"),
        "antenna_gain_dbi": (
            "do_loi_anten",
            "do_loi_anten_dbi",
            "antenna_gain_dbi",
            "antenna_gain",
            "gain_dbi",
        ),
        "feeder_loss_db": (
            "suy_hao_feeder",
            "suy_hao_feeder_db",
            "feeder_loss_db",
            "cable_loss_db",
        ),
        "horizontal_beamwidth_deg": (
            "be_rong_bup_ngang",
            "horizontal_beamwidth_deg",
            "horizontal_beamwidth",
            "hbw",
            "hpbw",
        ),
        "vertical_beamwidth_deg": (
            "be_rong_bup_dung",
            "vertical_beamwidth_deg",
            "vertical_beamwidth",
            "vbw",
            "vpbw",
        ),
        "antenna_file": ("tep_anten", "antenna_file", "antenna_pattern"),
        "status": _STATUS,
        "mcc": ("mcc",),
        "mnc": ("net", "mnc"),
        "area": ("area", "tac", "lac"),
        "cell": ("cell", "cid", "cellid"),
    },
)

CABLES = Role(
    "cables",
    {
        "cable_id": (
            "ma_tuyen",
            "matuyen",
            "ma_cap",
            "cable_id",
            "cable",
            "tuyen",
            "ten_tuyen",
            "route_id",
            "code",
            "id",
            "osm_id",
        ),
        "owner": _OWNER,
        "status": _STATUS,
        "kind": ("loai_cap", "loai_tuyen", "loai", "kind", "type", "cable_type", "highway"),
        "cores": (
            "so_soi",
            "so_fo",
            "dung_luong",
            "dung_luong_soi",
            "cores",
            "fibers",
            "fibres",
            "capacity",
        ),
        "group": ("nhom", "nhom_rui_ro", "group", "duct", "cong_be", "shared_risk"),
    },
)

POPS = Role(
    "pops",
    {
        "pop_id": ("ma_pop", "ma_tram", "pop_id", "pop", "code", "ma", "id", "osm_id"),
        "name": ("ten_pop", "ten_tram", *_ANY_NAME),
    },
)

PLACES = Role(
    "places",
    {
        "place_id": (
            "ma_diem",
            "ma_truong",
            "ma_tram_y_te",
            "place_id",
            "school_id",
            "facility_id",
            "ma",
            "code",
            "id",
            "osm_id",
        ),
        "name": ("ten_truong", "ten_diem", "ten_tram_y_te", "school", "facility", *_ANY_NAME),
        "people": (
            "so_hoc_sinh",
            "hoc_sinh",
            "dan_so",
            "people",
            "pupils",
            "students",
            "population",
        ),
    },
)

BACKHAUL = Role(
    "backhaul",
    {
        "site_id": (
            "ma_tram",
            "site_id",
            "site",
            "ma_nha_tram",
            "ten_tram",
            "from",
            "tu_tram",
            "diem_dau",
            "ma",
            "id",
        ),
        "medium": ("truyen_dan", "loai_truyen_dan", "moi_truong", "loai", "medium", "type", "kind"),
        "upstream": (
            "tram_nguon",
            "noi_ve",
            "ve_tram",
            "den_tram",
            "hub",
            "upstream",
            "to",
            "parent",
            "far_end",
            "diem_cuoi",
        ),
    },
    ("site_id",),
)

ROADS = Role(
    "roads",
    {
        "road_id": ("ma_duong", "road_id", "code", "ma", "id", "osm_id"),
        "kind": ("loai", "loai_duong", "cap_duong", "kind", "highway", "fclass", "class", "type"),
        "surface": ("mat_duong", "ket_cau_mat", "surface"),
    },
)

RIVERS = Role(
    "rivers",
    {
        "name": ("ten", "ten_song", "ten_suoi", "name", "ten_goi", "dia_danh"),
    },
)

OPENCELLID = (
    "radio",
    "mcc",
    "net",
    "area",
    "cell",
    "unit",
    "lon",
    "lat",
    "range",
    "samples",
    "changeable",
    "created",
    "updated",
    "averageSignal",
)
"""Columns of OpenCelliD's own CSV, in its order; its files come with and without a header."""
