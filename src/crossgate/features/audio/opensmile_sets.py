"""The functionals of openSMILE: IS10 (1582) and eGeMAPSv02 (88).

openSMILE's licence (audEERING) allows no commercial use: an extra, never needed by the default path.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.conversation import FeatureSpec
from crossgate.errors import InputError
from crossgate.media.clips import Sound

RATE = 16000
"""Hz: of IEMOCAP's sound. The sets' spectral features depend on the rate, so that there is one for all."""

SETS = {
    "is10": ("IS10", 1582, "openSMILE IS10 (Interspeech 2010 paralinguistic challenge), 16 kHz"),
    "egemaps88": ("eGeMAPSv02", 88, "openSMILE eGeMAPSv02 functionals, 16 kHz"),
}
"""Our name -> openSMILE's, the number of features, the source."""

INSTALL = "pip install 'crossgate[opensmile]' (its licence allows no commercial use)"


def available() -> bool:
    """Whether the package opensmile is installed."""
    try:
        import opensmile  # noqa: F401
    except ImportError:
        return False
    return True


class OpenSmile:
    """One of openSMILE's sets of functionals as an `AudioExtractor`.

    Args:
        name: `is10` or `egemaps88`.

    Raises InputError where opensmile is not installed, or its set is not the one we know.
    """

    rate: int | None = RATE

    def __init__(self, name: str) -> None:
        theirs, dimension, source = SETS[name]
        try:
            import opensmile
        except ImportError as error:
            raise InputError(
                "opensmile is not installed", where=f"audio features {name}", fix=INSTALL
            ) from error
        self._smile: Any = opensmile.Smile(
            feature_set=getattr(opensmile.FeatureSet, theirs),
            feature_level=opensmile.FeatureLevel.Functionals,
        )
        if len(self._smile.feature_names) != dimension:
            raise InputError(
                f"{theirs} of opensmile {opensmile.__version__} has {len(self._smile.feature_names)} "
                f"features, expected {dimension}",
                where=f"audio features {name}",
                fix="install another release of opensmile",
            )
        self.spec = FeatureSpec("audio", name, f"opensmile {opensmile.__version__}", dimension, source)

    @property
    def names(self) -> tuple[str, ...]:
        """openSMILE's names of the features, in order."""
        return tuple(self._smile.feature_names)

    def __call__(self, sound: Sound) -> npt.NDArray[np.float32]:
        """The vector (feature,) of a sound at 16 kHz; all NaN where it is silent or too short.

        Raises InputError where the rate is another.
        """
        sound.expect_rate(RATE, f"audio features {self.spec.name}")
        if not len(sound.samples) or np.ptp(sound.samples) == 0:
            return np.full(self.spec.dimension, np.nan, np.float32)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Segment too short")  # its NaN says so
            table = self._smile.process_signal(sound.samples, RATE)
        vector: npt.NDArray[np.float32] = table.to_numpy(dtype=np.float32)[0]
        return vector
