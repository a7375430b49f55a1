"""A TCP proxy before a server, that can be slow, lose answers and cut connections."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass

HOST = "127.0.0.1"
#: Bytes from the client after an INSERT began, beyond which it has sent rows.
MORE_THAN_THE_STATEMENT = 10_000


@dataclass
class _Pair:
    client: socket.socket
    server: socket.socket
    inserting: bool = False  # an INSERT was sent
    sent: int = 0  # bytes since then
    took_rows: bool = False  # the server has said something after rows were sent: the driver waits for that
    deaf: bool = False  # what the server says is thrown away


class Proxy:
    """Listens on ``port``. ``delay_s``: before each piece of an answer. ``lose_insert_answers``: once rows are sent."""

    def __init__(self, server_port: int) -> None:
        self.delay_s = 0.0
        self.lose_insert_answers = False
        #: Set when an answer to an insert has been thrown away.
        self.lost = threading.Event()
        #: Set when all of an insert has been sent, and only its confirmation is missing.
        self.confirming = threading.Event()
        self._server_port = server_port
        self._pairs: list[_Pair] = []
        self._listening = socket.create_server((HOST, 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break all connections, as a network does."""
        for pair in self._pairs:
            for end in (pair.client, pair.server):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                server = socket.create_connection((HOST, self._server_port))
            except OSError:
                client.close()
                continue
            pair = _Pair(client, server)
            self._pairs.append(pair)
            threading.Thread(target=self._to_server, args=(pair,), daemon=True).start()
            threading.Thread(target=self._to_client, args=(pair,), daemon=True).start()

    def _to_server(self, pair: _Pair) -> None:
        with contextlib.suppress(OSError):
            while data := pair.client.recv(65536):
                if b"INSERT INTO" in data:
                    pair.inserting, pair.took_rows, pair.sent = True, False, 0
                elif self.lose_insert_answers and pair.took_rows:
                    pair.deaf = True  # this is the end of the rows; what comes now is the confirmation
                pair.sent += len(data)
                pair.server.sendall(data)
                if pair.deaf:
                    self.confirming.set()
        self._end(pair)

    def _to_client(self, pair: _Pair) -> None:
        with contextlib.suppress(OSError):
            while data := pair.server.recv(65536):
                if pair.deaf:
                    self.lost.set()
                    continue
                pair.took_rows = pair.inserting and pair.sent > MORE_THAN_THE_STATEMENT
                if self.delay_s:
                    time.sleep(self.delay_s)
                pair.client.sendall(data)
        self._end(pair)

    def _end(self, pair: _Pair) -> None:
        for end in (pair.client, pair.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
