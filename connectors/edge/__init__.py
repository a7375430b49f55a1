"""The door that sources post to: an ASGI app that answers 2xx only after the broker confirmed."""
