"""What the thread of one camera does: take pictures, measure them, and hand on the measures, never the pictures."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event as Flag

from connectors.camera_stream.capture import Taken, look
from connectors.camera_stream.config import CameraStream
from connectors.camera_stream.picture_meter import PictureMeter
from connectors.camera_stream.run import Gone, Seen


def look_on(config: CameraStream, leave: Flag, post: Callable[[Seen | Gone | BaseException], None]) -> None:
    """Watch until ``leave`` is set, posting what is found. What goes wrong is posted too: a thread has no caller."""
    meter = PictureMeter()
    try:
        for found in look(config.source, config.pictures_per_s, leave):
            if isinstance(found, Taken):
                post(Seen(meter.measure(found.gray), found.at, found.fps))
            else:
                post(Gone(found.at, found.detail))
    except BaseException as error:
        post(error)
