"""Dahua traffic cameras: event stream parts and ITSAPI pushes, posted by HTTP."""
