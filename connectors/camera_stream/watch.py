"""How a camera is doing, judged from the measures of its pictures. Pure: knows neither OpenCV nor any clock.

Times are seconds on one monotonic clock. Every judgement has hysteresis, so that a camera on the edge does not flap:
a condition must hold for a while, and other bounds end it than began it.
"""

from __future__ import annotations

from msgspec import Struct

#: The same picture for this long is a frozen one, seconds.
FROZEN_AFTER_S = 10.0
#: No picture for this long is no signal, seconds.
NO_SIGNAL_AFTER_S = 5.0
#: Pictures must have come for this long before a camera is called ok, seconds.
SETTLE_S = 1.5

#: Grey levels. Video black is 16 in limited range; a street at night has lamps, and so a larger deviation.
BLACK_MEAN, BLACK_DEVIATION = 20.0, 5.0
NOT_BLACK_MEAN, NOT_BLACK_DEVIATION = 24.0, 7.0
BLACK_HOLD_S = 1.0

#: Share of the camera's own usual sharpness below which it is blurred, and above which it no longer is.
BLURRED_SHARE, NOT_BLURRED_SHARE = 0.2, 0.35
#: Below the first it is blurred whatever is usual; above the second never (variance of the Laplacian).
BLURRED_FLOOR, SHARP_ENOUGH = 3.0, 150.0
BLURRED_HOLD_S = 5.0
#: The usual sharpness follows the pictures with this time constant, after as long a time of simple averaging, seconds.
USUAL_OVER_S = 300.0
#: Pictures of this time must be known before anything is compared with what is usual, seconds.
USUAL_KNOWN_AFTER_S = 10.0

#: Share of the picture that must move for motion, and below which it ends.
MOTION_SHARE, NO_MOTION_SHARE = 0.004, 0.002
#: More than this is not something moving, but light switched on or the camera turned.
SCENE_SHARE = 0.7
MOTION_BEGINS_AFTER_S = 0.3
MOTION_ENDS_AFTER_S = 3.0
#: The background is being learnt until then, and everything seems to move.
BACKGROUND_LEARNT_AFTER_S = 2.0


class Picture(Struct, frozen=True):
    """What one picture looks like. Grey levels are 0..255.

    ``mean``, ``deviation``: of the grey levels; ``sharpness``: variance of the Laplacian, grey levels squared;
    ``changed``: false when it is the picture before it over again; ``moving``: share of it that moves, 0..1.
    """

    mean: float
    deviation: float
    sharpness: float
    changed: bool
    moving: float


class Judgement(Struct, frozen=True):
    """How the camera is doing. ``status`` is one of camera_health.STATUSES; "unknown" until something is known.

    ``since`` and ``motion_since`` are when that began, which is before it was certain. ``share``: of the motion.
    """

    status: str = "unknown"
    since: float = 0.0
    detail: str = ""
    motion: bool = False
    motion_since: float = 0.0
    share: float = 0.0


class Held:
    """A condition that holds only after it was seen for a while, and ends only after it was not."""

    def __init__(self, begins_after_s: float, ends_after_s: float) -> None:
        self._begins_after_s = begins_after_s
        self._ends_after_s = ends_after_s
        self._turning_since: float | None = None
        self.holds = False
        #: When the present state began.
        self.since = 0.0

    def see(self, seen: bool, at: float) -> bool:
        """Take in whether the condition is seen now, and return whether it holds."""
        if seen == self.holds:
            self._turning_since = None
            return self.holds
        if self._turning_since is None:
            self._turning_since = at
        if at - self._turning_since >= (self._ends_after_s if self.holds else self._begins_after_s):
            self.holds, self.since, self._turning_since = seen, self._turning_since, None
        return self.holds

    @property
    def is_beginning(self) -> bool:
        """Whether it is seen, and not yet for long enough to hold."""
        return not self.holds and self._turning_since is not None

    def clear(self, at: float) -> None:
        """Make it not hold, from now on."""
        if self.holds:
            self.holds, self.since = False, at
        self._turning_since = None


class UsualSharpness:
    """What sharpness this camera usually has: an average that learns fast at first and slowly later."""

    def __init__(self) -> None:
        self._value = 0.0
        self._seen_s = 0.0

    def learn(self, sharpness: float, seconds: float) -> None:
        """Take in a picture that stands for this many seconds."""
        self._seen_s += seconds
        weight = seconds / min(self._seen_s, USUAL_OVER_S) if self._seen_s > 0 else 0.0
        self._value += (sharpness - self._value) * weight

    @property
    def value(self) -> float | None:
        """The usual sharpness, or None while too little was seen."""
        return self._value if self._seen_s >= USUAL_KNOWN_AFTER_S else None


class Watch:
    """Judges one camera. Feed it in the order of time; each call returns the judgement as it stands."""

    def __init__(self, started_at: float) -> None:
        self._quiet_since = started_at
        self._last_picture_at: float | None = None
        self._streak_since = started_at
        self._unchanged_since = started_at
        self._black = Held(BLACK_HOLD_S, BLACK_HOLD_S)
        self._blurred = Held(BLURRED_HOLD_S, BLURRED_HOLD_S)
        self._motion = Held(MOTION_BEGINS_AFTER_S, MOTION_ENDS_AFTER_S)
        self._usual = UsualSharpness()
        self._share = 0.0
        self.judgement = Judgement(since=started_at)

    def see(self, picture: Picture, at: float) -> Judgement:
        """Take in a picture taken at this time."""
        gap = 0.0
        if self._last_picture_at is None:
            self._begin_streak(at)
        else:
            gap = at - self._last_picture_at
        self._last_picture_at = self._quiet_since = at
        if picture.changed:
            self._unchanged_since = at
        self._see_black(picture, at)
        self._see_sharpness(picture, at, min(gap, 1.0))
        frozen = at - self._unchanged_since >= FROZEN_AFTER_S
        self._see_motion(picture, at, useless=frozen or self._black.holds)
        if self._black.holds:
            return self._judge("black", self._black.since, "The picture is black.")
        if frozen:
            return self._judge(
                "frozen", self._unchanged_since, f"The picture has not changed for {FROZEN_AFTER_S:g} s."
            )
        if self._blurred.holds:
            return self._judge("blurred", self._blurred.since, "The picture has lost its sharpness.")
        if at - self._streak_since < SETTLE_S or self._black.is_beginning:
            return self._judge(self.judgement.status, at, self.judgement.detail)
        return self._judge("ok", at, "")

    def lose(self, at: float, detail: str) -> Judgement:
        """Take in that the source could not be opened or ended: no picture will come until it is opened again."""
        self._end_streak(at)
        return self._judge("no_signal", self._quiet_since, detail)

    def wait(self, at: float) -> Judgement:
        """Take in that time has passed."""
        if at - self._quiet_since < NO_SIGNAL_AFTER_S:
            return self.judgement
        self._end_streak(at)
        detail = self.judgement.detail if self.judgement.status == "no_signal" else ""
        return self._judge("no_signal", self._quiet_since, detail or f"No picture for {NO_SIGNAL_AFTER_S:g} s.")

    def _begin_streak(self, at: float) -> None:
        self._streak_since = self._unchanged_since = at
        for condition in (self._black, self._blurred, self._motion):
            condition.clear(at)

    def _end_streak(self, at: float) -> None:
        self._last_picture_at = None
        self._motion.clear(at)

    def _see_black(self, picture: Picture, at: float) -> None:
        mean, deviation = (NOT_BLACK_MEAN, NOT_BLACK_DEVIATION) if self._black.holds else (BLACK_MEAN, BLACK_DEVIATION)
        self._black.see(picture.mean <= mean and picture.deviation <= deviation, at)

    def _see_sharpness(self, picture: Picture, at: float, seconds: float) -> None:
        if self._black.holds or self._black.is_beginning:
            return  # nothing to be sharp
        bound = BLURRED_FLOOR
        if (usual := self._usual.value) is not None:
            share = NOT_BLURRED_SHARE if self._blurred.holds else BLURRED_SHARE
            bound = max(bound, min(share * usual, SHARP_ENOUGH))
        low = picture.sharpness < bound
        self._blurred.see(low, at)
        if not low and picture.changed:
            self._usual.learn(picture.sharpness, seconds)

    def _see_motion(self, picture: Picture, at: float, *, useless: bool) -> None:
        if useless or at - self._streak_since < BACKGROUND_LEARNT_AFTER_S:
            self._motion.clear(at)
            return
        bound = NO_MOTION_SHARE if self._motion.holds else MOTION_SHARE
        self._motion.see(bound <= picture.moving <= SCENE_SHARE, at)
        self._share = picture.moving

    def _judge(self, status: str, since: float, detail: str) -> Judgement:
        self.judgement = Judgement(
            status=status,
            since=self.judgement.since if status == self.judgement.status else since,
            detail=detail,
            motion=self._motion.holds,
            motion_since=self._motion.since,
            share=self._share if self._motion.holds else 0.0,
        )
        return self.judgement
