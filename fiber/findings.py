"""Which file a finding about the network is to be mended in."""

from __future__ import annotations

from collections.abc import Sequence

from phusong.errors import Where
from phusong.sources.tables.layers import place_of
from phusong.study import Study
from phusong.study.settings.sources import Layer


def in_files(study: Study, layers: Sequence[Layer], key: str) -> Where:
    """Return the files that layers are in, or their key where the study names none."""
    names = dict.fromkeys(place_of(layer, study).file for layer in layers)
    return Where(file=", ".join(names)) if names else Where(key=key)
