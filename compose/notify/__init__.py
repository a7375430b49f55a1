"""Notifications out of the room: who is told of which alert, by webhook or e-mail, and the proof that they were."""
