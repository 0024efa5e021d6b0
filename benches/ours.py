"""The connector's own release binary, configured for a pair of bases."""

import http.client
import json
import os
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import measure
import server as private

BINARY = Path(__file__).parent.parent / "target" / "release" / "gestan-connector"
TOKEN = "bench-bench-bench-bench-bench"
CONFIG = """
[gestsup]
host = "127.0.0.1"
port = {port}
database = "{gestsup}"
user = "connector"
password = "lecture-seule"
time_zone = "Europe/Paris"
url = "https://support.example.fr"
tls = "off"

[gestan]
gateway = "embedded"

[gateway]
time_zone = "Europe/Paris"
listen = "127.0.0.1:{listen}"
token = "{token}"

[gateway.base]
{base}host = "127.0.0.1"
port = {port}
database = "{gestan}"
user = "gateway"
password = "passerelle"
tls = "off"

[gateway.codes.status]
planned = 0
in_progress = 1
waiting = 3
done = 2
to_bill = 5
billed = 4
cancelled = 10

[gateway.codes.genre]
depannage = 1
installation = 2

[gateway.codes.priority]
haute = 1
normale = 2

[state]
path = "{state}"

[tickets]
start_at = "2000-01-01T00:00:00"
full_every_seconds = {full_every}
full_seconds_per_pass = 3600
compare_every_seconds = 8640000

[mapping.genre]
default = "depannage"
rules = [{{ when = {{ type = "Demande" }}, genre = "installation" }}]

[mapping.priority]
"Urgent" = "haute"
"Moyenne" = "normale"
"""


class Site:
    def __init__(self, server, name, more="", base="", binary=BINARY):
        self.more, self.base, self.binary = more, base, binary
        self.server, self.gestsup, self.gestan = server, f"gestsup_{name}", f"gestan_{name}"
        server.create(self.gestsup, "gestsup.sql")
        server.create(self.gestan, "gestan.sql")
        self.state = server.folder / f"{name}.db"
        self.config = self.write("connector", 8_640_000)
        # The rolling look at every ticket is due at once, and does its whole round in one pass.
        self.rolling = self.write("rolling", 60)
        measure.run([binary, "--config", self.config, "gateway", "install"], stdout=server.folder / "install.log")

    def write(self, kind, full_every):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.listen = free.getsockname()[1]
        file = self.server.folder / f"{self.gestsup}-{kind}.toml"
        names = dict(port=self.server.port, gestsup=self.gestsup, gestan=self.gestan, state=self.state, base=self.base)
        file.write_text(CONFIG.format(**names, listen=self.listen, token=TOKEN, full_every=full_every) + self.more)
        file.chmod(0o600)
        return file

    def sync(self, *options, config=None, flow=None):
        command = [BINARY, "--config", config or self.config, "sync", *([flow] if flow else []), "--allow-mass-change", *options]
        return measure.run(command, stdout=self.server.folder / "sync.log")

    def last_line(self):
        return (self.server.folder / "sync.log").read_text().strip().splitlines()[-1]

    def forget(self):
        for file in self.server.folder.glob(f"{self.state.name}*"):
            file.unlink()

    def age(self, days):
        """As if everything in the state had happened so many days before."""
        with sqlite3.connect(self.state) as state:
            state.execute(f"UPDATE journal SET at = strftime('%Y-%m-%dT%H:%M:%S+00:00', at, '-{days} days')")
        state.close()

    def make_look_due(self):
        with sqlite3.connect(self.state) as state:
            (text,) = state.execute("SELECT value FROM value WHERE name = 'tickets.sweep'").fetchone()
            look = {**json.loads(text), "position": 0, "began": "2020-01-01T00:00:00Z", "ended": "2020-01-01T00:00:00Z"}
            state.execute("UPDATE value SET value = ? WHERE name = 'tickets.sweep'", (json.dumps(look),))
        state.close()


def item(number):
    """A PUT as the daemon sends it for a new ticket with three steps."""
    def line(text):
        return [{"text": text}]

    def entry(key, hour, author, text):
        return {"key": key, "at": f"2026-03-02T{hour:02}:00:00Z", "author": author, "kind": "réponse", "minutes": 15,
                "heading": f"02/03/2026 à {hour + 1:02}:00 – {author} (réponse, 15 min)", "text": [line(text)] * 3}

    long = f"L'imprimante du bureau {number % 40} répond « hors ligne » alors qu'elle est allumée ; le câble a été changé, sans succès. "
    return {
        "key": {"source": "gestsup", "number": number, "sequence": 1},
        "precondition": "absent",
        "object": {
            "origin": {"created": "2026-03-02 09:00:00", "creator": 12, "first_step": 3 * number},
            "url": f"https://support.example.fr/index.php?page=ticket&id={number}",
            "fields": {"title": f"Imprimante en panne n°{number}", "client": 1 + number % 200, "status": "in_progress",
                       "technician": f"T{1 + number % 20:02}", "requester": "Client Numéro 1", "genre": "depannage",
                       "planned_start": "2026-03-02T08:00:00Z", "planned_end": "2026-03-02T09:00:00Z", "time_spent": 45},
            "head": [line(f"Ticket GestSup n°{number}"), line("Demandeur : Client Numéro 1")],
            "entries": [entry("description", 8, "Client Numéro 1", long)]
            + [entry(f"step:{3 * number + n}", 9 + n, "Technicien Numéro 1", long) for n in range(3)],
        },
    }


class GatewayRun:
    """`gestan-connector gateway` and a client that posts batches to it over some connections."""

    def __init__(self, site):
        self.site = site
        self.process = subprocess.Popen(
            [site.binary, "--config", site.rolling, "gateway"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=private.die_with_parent,
        )
        while True:
            try:
                socket.create_connection(("127.0.0.1", site.listen)).close()
                return
            except OSError:
                time.sleep(0.02)

    def post(self, bodies, connections):
        """Posts every batch; returns the seconds that it took."""
        queue, lock, failed = list(reversed(bodies)), threading.Lock(), []

        def work():
            client = http.client.HTTPConnection("127.0.0.1", self.site.listen)
            client.connect()
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
            while True:
                with lock:
                    if not queue:
                        return
                    body = queue.pop()
                client.request("POST", "/v1/tickets:batch", body, headers)
                answer = client.getresponse()
                text = answer.read()
                if answer.status != 200 or b'"problem"' in text:
                    failed.append(text[:500])

        begun = time.monotonic()
        threads = [threading.Thread(target=work) for _ in range(connections)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        if failed:
            raise SystemExit(f"the gateway refused a batch: {failed[0]}")
        return time.monotonic() - begun

    def peak_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))

    def stop(self):
        self.process.terminate()
        self.process.wait()


def batches(count, size=100):
    return [
        json.dumps({"items": [item(number) for number in range(first, min(first + size, count + 1))]}).encode()
        for first in range(1, count + 1, size)
    ]


def machine(version):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cores": os.cpu_count(), "cpu": model, "kernel": os.uname().release, "memory_gib": round(memory, 1),
            "mariadb": version, "load_before": round(os.getloadavg()[0], 2)}
