"""OpenCV, where it is installed. The only place that imports it."""

from __future__ import annotations

import os

# FFmpeg prints the addresses it opens, with user name and password; OpenCV reads this before it first opens one.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
# What FFmpeg may do with an address. RTSP over TCP, because over UDP a lossy network looks like a broken camera. No
# redirects and no playlists (HLS, DASH, concat): with either, a camera could send us to another host.
os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "|".join(
    (
        "rtsp_transport;tcp",
        "max_redirects;0",
        "format_whitelist;rtsp,mpjpeg,mjpeg,jpeg_pipe,mov,matroska,avi,mpegts,mpeg,flv,asf,h264,hevc,m4v",
    )
)

try:
    import cv2
except ModuleNotFoundError as missing:
    raise ImportError("watching cameras needs OpenCV: pip install watchfloor[cameras]") from missing

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
# Every camera has a thread of its own; threads inside one picture's work would only contend with them.
cv2.setNumThreads(1)

__all__ = ["cv2"]
