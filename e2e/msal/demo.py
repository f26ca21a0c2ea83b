"""Starts the demo as a program of its own on free ports, tells where it is, and ends it."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORLD = ROOT / "scenarios/two-organisations"
BINARY = os.environ.get("PORTCULLIS", str(ROOT / "target/debug/portcullis"))
START_LIMIT_SECONDS = 60

# requests takes a certificate bundle named in the environment before the one a session was told of.
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)


class Demo:
    """A running demo; `address` and `authority` are what a client needs."""

    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="portcullis-msal-")
        port, payroll_port = _free_ports(2)
        self._stderr = open(pathlib.Path(self._folder) / "stderr.log", "w+", encoding="utf-8")
        arguments = ["demo", "--fresh", "--data", self._folder + "/data", "--tls", "dev", "--output", "json"]
        ports = ["--port", str(port), "--payroll-port", str(payroll_port)]
        self._child = subprocess.Popen([BINARY, *arguments, *ports], stdout=subprocess.PIPE, stderr=self._stderr, text=True)
        guard = threading.Timer(START_LIMIT_SECONDS, self._child.kill)
        guard.start()
        line = self._child.stdout.readline()
        guard.cancel()
        if not line:
            self._stderr.seek(0)
            said = self._stderr.read()
            self.stop()
            raise RuntimeError(f"the demo ended before it was ready: {said}")
        started = json.loads(line)
        self.address = started["address"].rstrip("/")
        self.authority = started["certificateAuthority"]

    def stop(self):
        """Ends the demo as Ctrl-C would."""
        self._child.send_signal(signal.SIGINT)
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()
        self._stderr.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def read(tenant, file):
    """One file of the demo world."""
    return json.loads((WORLD / tenant / f"{file}.json").read_text(encoding="utf-8"))


def tenant_id(tenant):
    """The id of a tenant, for instance `contoso`."""
    return read(tenant, "organization")["id"]


def application(tenant, name):
    """The id and, if there is one, the secret of the application shown as `name`."""
    app_id = next(entry["appId"] for entry in read(tenant, "applications") if entry["displayName"] == name)
    secrets = read(tenant, "credentials")["clientSecrets"]
    return app_id, next((entry["secret"] for entry in secrets if entry["appId"] == app_id), None)


def _free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
