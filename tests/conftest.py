"""What holds for every test."""

from __future__ import annotations

import os

from hypothesis import settings

# In CI the same examples each time: a landing must not depend on luck. Elsewhere new ones are looked for at every run.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "search")
