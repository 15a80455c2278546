"""The real Patchwork, where PEER_PATCHWORK names a checkout of it: Django and what else it needs are
the user's to install (Debian: python3-django python3-djangorestframework python3-django-filters
gunicorn). It gets an SQLite file in the memory of the machine, which is its best case."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from processes import get, wait_for

SETTINGS = """\
from patchwork.settings.base import *
SECRET_KEY = 'bench'
ALLOWED_HOSTS = ['*']
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': %r,
                         'OPTIONS': {'timeout': 60}}}
ENABLE_REST_API = True
STATICFILES_STORAGE = 'django.contrib.staticfiles.storage.StaticFilesStorage'
LOGGING = {'version': 1}
"""
PROJECT = """\
import django; django.setup()
from patchwork.models import Project
Project.objects.create(linkname='local', name='Local', listid='local.example.org',
                       listemail='local@example.org')
"""
WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"


class Peer:
    def __init__(self):
        self.checkout = Path(os.environ["PEER_PATCHWORK"])
        self.python = os.environ.get("PEER_PYTHON", "/usr/bin/python3")
        self.folder = Path(tempfile.mkdtemp(prefix="bench-", dir="/dev/shm"))
        (self.folder / "bench_settings.py").write_text(SETTINGS % str(self.folder / "db.sqlite"))
        (self.folder / "bench_wsgi.py").write_text(WSGI)
        self.environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "bench_settings",
                            "PYTHONPATH": f"{self.folder}:{self.checkout}"}
        self.server = None
        self.manage("migrate", "-v0")
        self.manage("loaddata", "-v0", "default_tags", "default_states")
        self.run("-c", PROJECT)

    def run(self, *words, mail=None):
        return subprocess.run([self.python, *words], env=self.environment, cwd=self.checkout,
                              capture_output=True, text=True, input=mail, check=True).stdout

    def manage(self, *words, mail=None):
        return self.run("manage.py", *words, mail=mail)

    def serve(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.server = subprocess.Popen(
            [self.python, "-m", "gunicorn", "--chdir", str(self.folder), "-w2", "-b", address,
             "bench_wsgi:application"], env=self.environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        def ready():
            try:
                return get(f"http://{address}/api/1.2/")
            except OSError:
                return None
        wait_for(ready, 60, "gunicorn to answer")
        return f"http://{address}"

    @property
    def pids(self):
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text()
        return [self.server.pid, *map(int, children.split())]

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait(timeout=30)
            self.server = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)


def peer_if_named():
    return Peer() if os.environ.get("PEER_PATCHWORK") else None
