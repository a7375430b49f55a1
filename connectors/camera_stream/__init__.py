"""Cameras watched through OpenCV: how they are doing and whether something moves; never their pictures."""
