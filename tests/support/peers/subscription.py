"""A subscription of the management API: a WebSocket of which only the messages are of interest."""

import base64
import json
import os
import socket
import struct
import threading


class Subscription:
    """Of `path`; what it said so far is in `messages`."""
    def __init__(self, server, path, token=None):
        self.messages, self.ended = [], False
        raw = socket.create_connection((server.address, server.port), timeout=20)
        self.link = server.tls.wrap_socket(raw, server_hostname=server.address)
        key = base64.b64encode(os.urandom(16)).decode()
        self.link.sendall((
            f"GET {path} HTTP/1.1\r\nHost: {server.address}:{server.port}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Authorization: Bearer {token or server.token}\r\n\r\n").encode())
        self.stream = self.link.makefile("rb")
        self.status = int(self.stream.readline().split()[1])
        while self.stream.readline().strip():
            pass
        self.thread = threading.Thread(target=self._read, daemon=True)
        if self.status == 101:
            self.thread.start()

    def _read(self):
        try:
            while True:
                head = self.stream.read(2)
                if len(head) < 2:
                    break
                size = head[1] & 0x7f
                if size == 126:
                    size = struct.unpack(">H", self.stream.read(2))[0]
                elif size == 127:
                    size = struct.unpack(">Q", self.stream.read(8))[0]
                body = self.stream.read(size)
                if head[0] & 0x0f == 1:
                    self.messages.append(json.loads(body))
        except (OSError, ValueError):
            pass
        self.ended = True

    def heard(self, name, which):
        """The data of such messages so far."""
        return [one["data"] for one in self.messages
                if one["name"] == name and which(one["data"])]

    def close(self):
        self.link.close()
