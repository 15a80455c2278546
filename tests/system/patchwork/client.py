"""What the programs of this folder share: requests to the service, and its processor time."""

import base64
import http.client
import json
import os
import re
import socket
import time
import urllib.parse
from collections import namedtuple

Answer = namedtuple("Answer", "status headers body")


class Service:
    """The service that patchwork_api_test.sh started: PW_URL, PW_PID, tokens as files in PW_TOKENS.

    Every request names a client's address, which the service believes: those who guess tokens are
    slowed by address, and one test must not slow the next.
    """

    def __init__(self):
        self.url = os.environ["PW_URL"]
        self.pid = int(os.environ["PW_PID"])
        self.tokens = os.environ["PW_TOKENS"]
        at = urllib.parse.urlsplit(self.url)
        self.host, self.port = at.hostname, at.port
        self.connection = None
        self.address = "192.0.2.1"

    def token(self, name):
        with open(os.path.join(self.tokens, name), encoding="ascii") as file:
            return file.read().strip()

    def ask(self, method, path, body=None, headers=None, token=None, kind=None, address=None):
        """kind: the Content-Type. body: bytes, text, or what becomes JSON. token: a file's name."""
        fields = {"X-Forwarded-For": address or self.address}
        if token:
            fields["Authorization"] = "Token " + self.token(token)
        if isinstance(body, (dict, list)):
            body, kind = json.dumps(body), kind or "application/json"
        if kind:
            fields["Content-Type"] = kind
        fields.update(headers or {})
        data = body.encode() if isinstance(body, str) else body
        for attempt in (1, 2):  # the service may close a connection that was not used for a while
            try:
                connection = self.connection or http.client.HTTPConnection(
                    self.host, self.port, timeout=20
                )
                self.connection = connection
                connection.putrequest(method, path, skip_accept_encoding=True)
                for name, value in fields.items():
                    connection.putheader(name, value)
                if data is not None:
                    connection.putheader("Content-Length", str(len(data)))
                elif method not in ("GET", "HEAD", "OPTIONS"):
                    connection.putheader("Content-Length", "0")
                connection.endheaders()
                if data is not None:
                    try:
                        connection.send(data)
                    except (BrokenPipeError, ConnectionResetError):
                        pass  # refused before the body was there: the answer is
                answer = connection.getresponse()
                got = Answer(answer.status, answer.headers, answer.read())
                if answer.will_close:
                    self.close()
                return got
            except (http.client.RemoteDisconnected, ConnectionError):
                self.close()
                if attempt == 2:
                    raise

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def raw(self, text):
        """Sends bytes as they are; the status of the answer, 0 when there was none."""
        with socket.create_connection((self.host, self.port), timeout=20) as stream:
            stream.sendall(text)
            stream.shutdown(socket.SHUT_WR)
            said = b""
            while b"\r\n" not in said:
                more = stream.recv(4096)
                if not more:
                    break
                said += more
        found = re.match(rb"HTTP/1\.[01] (\d+)", said)
        return int(found.group(1)) if found else 0

    def get(self, path, token=None):
        """The JSON of an answer that has to be 200."""
        answer = self.ask("GET", path, token=token)
        assert answer.status == 200, f"GET {path}: {answer.status} {answer.body[:300]!r}"
        return json.loads(answer.body)

    def basic(self, name, token):
        pair = f"{name}:{self.token(token)}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def processor_ns(self):
        """Of the service, all of its threads, since it started."""
        return time.clock_gettime_ns((~self.pid << 3) | 2)  # Linux: clock_getcpuclockid(3)


class Faults:
    """What was wrong; `end` prints it and ends the program."""

    def __init__(self):
        self.count = 0
        self.checked = 0

    def check(self, fine, *words):
        self.checked += 1
        if not fine:
            self.count += 1
            if self.count <= 40:
                print("FAIL:", *words)
        return fine

    def end(self, words):
        if self.count:
            print(f"{self.count} of {self.checked} wrong")
            raise SystemExit(1)
        print(f"   {words}")
