"""patchmill with a data folder of its own."""

import os
import re
import signal
import subprocess

from processes import fail, wait_for

CONFIG = """\
data: data
http: {listen: ["127.0.0.1:0"]}
patchwork:
  projects:
"""
PROJECT = "    - {{link-name: {0}, name: {0}, list-id: {0}.example.org, list-email: {0}@example.org}}\n"


class Ours:
    def __init__(self, folder, projects=("local",)):
        self.program = os.environ["PATCHMILL_BIN"]
        self.folder = folder / "ours"
        self.folder.mkdir()
        (self.folder / "patchmill.yaml").write_text(
            CONFIG + "".join(map(PROJECT.format, projects)), encoding="utf-8")
        self.environment = {**os.environ, "PATCHMILL_CONFIG": str(self.folder / "patchmill.yaml")}
        self.server = None
        self.store = self.folder / "data" / "store.sqlite"

    def run(self, *words, mail=None):
        done = subprocess.run([self.program, *words], env=self.environment, capture_output=True,
                              input=mail, text=True, check=False)
        if done.returncode != 0:
            fail(f"patchmill {words[0]}: exit status {done.returncode}: {done.stderr}")
        return done.stdout

    def serve(self):
        """Starts the service and returns its address."""
        log = open(self.folder / "serve.log", "w", encoding="utf-8")
        self.server = subprocess.Popen([self.program, "serve"], env=self.environment, stdout=log,
                                       stderr=log)
        def address():
            text = (self.folder / "serve.log").read_text(encoding="utf-8")
            found = re.search(r"http://127\.0\.0\.1:\d+", text)
            return found and found.group()
        return wait_for(address, 30, "patchmill serve to say its address")

    def stop(self):
        if self.server:
            self.server.send_signal(signal.SIGTERM)
            self.server.wait(timeout=30)
            self.server = None

    @property
    def pids(self):
        return [self.server.pid]
