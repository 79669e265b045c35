"""Whether an optical interface works over a route: its budget at both ends and wavelengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phusong.fiber.network.polylines import Bools, Floats
from phusong.study import OpticalClass, Optics


@dataclass(frozen=True)
class ClassVerdict:
    """One class over many routes; all arrays (k,).

    Attributes
    ----------
    worst_db, best_db
        Route loss at the lossiest and at the least lossy of the class's wavelengths.
    attenuator_db
        Least attenuation that keeps the class's receiver from overload; 0 where none is needed.
    over_db
        By how much the loss and the margin exceed the budget; 0 or less where they fit.
    over_km
        By how much the route is longer than the class allows; 0 or less where it fits.
    """

    worst_db: Floats
    best_db: Floats
    attenuator_db: Floats
    over_db: Floats
    over_km: Floats

    @property
    def fits(self) -> Bools:
        """Within budget and length, with the attenuator where one is needed."""
        return np.asarray((self.over_db <= 1e-9) & (self.over_km <= 1e-9))

    @property
    def works(self) -> Bools:
        """Within budget and length as it is: minimum <= loss at both wavelengths as well."""
        return np.asarray(self.fits & (self.attenuator_db == 0))

    @property
    def headroom_db(self) -> Floats:
        """Budget left once loss and margin are taken off; negative where it is exceeded."""
        return -self.over_db


def loss_per_km(optics: Optics, wavelength_nm: int) -> float:
    """Return dB/km of fibre at a wavelength, joints of the cable drums included."""
    return optics.loss_db_per_km[wavelength_nm] + optics.splice_db / optics.splice_every_km


def worst_loss_per_km(optics: Optics, kind: OpticalClass) -> float:
    """Return dB/km at the lossiest wavelength of a class, drum joints included."""
    return max(loss_per_km(optics, w) for w in kind.wavelengths_nm)


def fixed_loss_db(optics: Optics, kind: OpticalClass) -> float:
    """Return what every route of a class loses whatever its length: connectors, splitters.

    A point-to-point class runs on a fibre of its own, past the splitters.
    """
    splitter = 0.0 if kind.point_to_point else optics.splitter_db
    return optics.connectors * optics.connector_db + splitter


def judge(optics: Optics, kind: OpticalClass, length_km: Floats, joints: Floats) -> ClassVerdict:
    """Judge a class over routes.

    The loss of a route is fibre (km x dB/km), the splices of its joints, those of the cable
    drums (one every ``splice_every_km`` on average), connectors and splitters. The class
    works where minimum <= loss and loss + margin <= maximum at every wavelength of the class
    (ITU-T G.984.2, G.9807.1: the range between overload and sensitivity), and the route is no
    longer than the class allows. The margin is held back for ageing and repair, so it counts
    against the maximum only; overload is judged on the route as built.

    Parameters
    ----------
    length_km, joints
        (k,) length of the route with its drop, and splices besides those of the drums.
    """
    fixed = fixed_loss_db(optics, kind) + joints * optics.splice_db
    at = [fixed + length_km * loss_per_km(optics, w) for w in kind.wavelengths_nm]
    worst, best = np.maximum.reduce(at), np.minimum.reduce(at)
    with np.errstate(invalid="ignore"):
        pad = np.maximum(kind.min_db - best, 0.0)
        pad = np.where(pad > 1e-9, pad, 0.0)
        return ClassVerdict(
            worst_db=worst,
            best_db=best,
            attenuator_db=pad,
            over_db=worst + pad + optics.margin_db - kind.max_db,
            over_km=length_km - kind.reach_km,
        )
