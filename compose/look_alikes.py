"""The look-alike characters that are in force: those that come along, or those of the file that is set."""

from __future__ import annotations

from compose.settings import ConfigError, Settings
from schemas.look_alikes import LookAlikes, LookAlikesError, default_look_alikes


def look_alikes_in_force(settings: Settings) -> LookAlikes:
    """Return the classes. Raises ConfigError, with the file and the key, when the file cannot be used."""
    if settings.look_alikes is None:
        return default_look_alikes()
    try:
        return LookAlikes.load(settings.look_alikes)
    except LookAlikesError as error:
        raise ConfigError(f"look_alikes: {error}") from error
