"""What is measured in one picture: 2 to 4 ms of one core for 640 x 360 points, 8 to 9 ms for 1080p.

Everything but sharpness is measured at 320 x 180: the answers are the same and the work is a thirtieth of 1080p's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from connectors.camera_stream.opencv import cv2
from connectors.camera_stream.watch import Picture

Gray = NDArray[np.uint8]

SMALL = (320, 180)
#: Sharpness is measured at most this wide: focus is lost at every scale, noise only at the finest.
SHARPNESS_WIDTH = 640
#: Pictures the background is learnt from: 30 s at 5 a second.
_BACKGROUND_PICTURES = 150
#: How many standard deviations, squared, a pixel must leave its background by.
_BACKGROUND_THRESHOLD = 25


#: A picture this near to the reference, in mean and in every pixel (grey levels), is the same picture coded again.
SAME_MEAN = 0.05
SAME_PIXEL = 6.0


class PictureMeter:
    """Measures the pictures of one camera, one after another.

    The reference picture is the last one that was clearly different: a slow drift is a change as well.
    """

    def __init__(self) -> None:
        self._reference: Gray | None = None
        self._background: Any = cv2.createBackgroundSubtractorMOG2(
            history=_BACKGROUND_PICTURES, varThreshold=_BACKGROUND_THRESHOLD, detectShadows=False
        )

    def measure(self, gray: Gray) -> Picture:
        """Return the measures of a grey picture of any size (uint8, height x width)."""
        small: Gray = cv2.resize(gray, SMALL, interpolation=cv2.INTER_AREA)
        mean, deviation = cv2.meanStdDev(small)
        return Picture(
            mean=float(mean[0, 0]),
            deviation=float(deviation[0, 0]),
            sharpness=_sharpness(gray),
            changed=self._changed(small),
            moving=self._moving(small),
        )

    def _changed(self, small: Gray) -> bool:
        if self._reference is not None:
            difference = float(cv2.norm(small, self._reference, cv2.NORM_L1)) / small.size
            if difference <= SAME_MEAN and cv2.norm(small, self._reference, cv2.NORM_INF) <= SAME_PIXEL:
                return False
        self._reference = small
        return True

    def _moving(self, small: Gray) -> float:
        foreground = self._background.apply(cv2.GaussianBlur(small, (5, 5), 0))
        # Single pixels are noise; what moves is a patch.
        patches = cv2.medianBlur(foreground, 5)
        share: float = cv2.countNonZero(patches) / patches.size
        return share


def _sharpness(gray: Gray) -> float:
    height, width = gray.shape
    if width > SHARPNESS_WIDTH:
        size = (SHARPNESS_WIDTH, max(1, round(height * SHARPNESS_WIDTH / width)))
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    # 16-bit integers with meanStdDev: seven times as fast as 64-bit floats with var(), and exact for this kernel.
    _, deviation = cv2.meanStdDev(cv2.Laplacian(gray, cv2.CV_16S))
    spread = float(deviation[0, 0])
    return spread * spread
