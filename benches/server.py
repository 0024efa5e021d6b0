"""A private MariaDB server in a temporary folder, durable as an installation's is, gone with the process."""

import atexit
import ctypes
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql

SCHEMAS = Path(__file__).parent.parent / "src" / "demo"
BUFFER_POOL = "1G"


def program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not found:
        raise SystemExit(f"{name} is missing: apt-get install mariadb-server mariadb-client")
    return found


def die_with_parent():
    """PR_SET_PDEATHSIG: a killed benchmark leaves no server behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Server:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gestan-connector-bench-"))
        atexit.register(self.stop)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (self.folder / "tmp").mkdir()
        user = f"--user={getpass.getuser()}"
        data = f"--datadir={self.folder}/data"
        subprocess.run(
            [program("mariadb-install-db"), "--no-defaults", "--skip-test-db",
             "--auth-root-authentication-method=normal", user, data],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        log = open(self.folder / "server.log", "w")
        self.process = subprocess.Popen(
            [program("mariadbd"), "--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve", user, data,
             f"--socket={self.folder}/s", f"--port={self.port}", f"--tmpdir={self.folder}/tmp",
             "--character-set-server=utf8mb4", f"--innodb-buffer-pool-size={BUFFER_POOL}",
             "--innodb-log-file-size=512M", "--innodb-flush-log-at-trx-commit=1", "--skip-log-bin",
             "--performance-schema=OFF", "--max-allowed-packet=64M"],
            stdout=log, stderr=log, preexec_fn=die_with_parent,
        )
        deadline = time.monotonic() + 120
        while True:
            try:
                self.root = self.connect()
                break
            except pymysql.err.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit((self.folder / "server.log").read_text()[-2000:])
                time.sleep(0.05)
        self.version = self.one("SELECT VERSION()")

    def stop(self):
        if getattr(self, "process", None):
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, database=None):
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", database=database, autocommit=True, charset="utf8mb4",
            client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS, init_command="SET sql_mode=''",
        )

    def run(self, sql, database=None):
        """Any number of statements."""
        with self.root.cursor() as cursor:
            if database:
                cursor.execute(f"USE {database}")
            cursor.execute(sql)
            while cursor.nextset():
                pass

    def one(self, sql, database=None):
        with self.root.cursor() as cursor:
            if database:
                cursor.execute(f"USE {database}")
            cursor.execute(sql)
            return cursor.fetchone()[0]

    def client(self, database):
        """The command of the server's own client: the fastest way to have a statement carried out."""
        return [program("mariadb"), "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", f"--port={self.port}",
                "--user=root", "--batch", "--quick", "--skip-column-names", database]

    def dump(self, database, tables, file):
        """Rows as the multi-row INSERT statements that the server's own dump writes."""
        command = [program("mariadb-dump"), "--no-defaults", "--protocol=tcp", "--host=127.0.0.1",
                   f"--port={self.port}", "--user=root", "--no-create-info", "--skip-triggers",
                   "--skip-disable-keys", "--skip-add-locks", database, *tables]
        with open(file, "w") as out:
            subprocess.run(command, check=True, stdout=out)

    def create(self, database, schema):
        self.run(f"DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database}")
        if schema:
            self.run((SCHEMAS / schema).read_text(), database)
        account, rights = {
            "gestsup.sql": ("connector@'%' IDENTIFIED BY 'lecture-seule'", "SELECT"),
            "gestan.sql": ("gateway@'%' IDENTIFIED BY 'passerelle'", "SELECT, INSERT, UPDATE, CREATE, ALTER, INDEX"),
        }.get(schema, (None, None))
        if account:
            name = account.split()[0]
            self.run(f"CREATE USER IF NOT EXISTS {account}; GRANT {rights} ON {database}.* TO {name}")
