"""Mails into tickets: the connector against mbsync, which only fetches, and against a script that does the minimum."""

import atexit
import getpass
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import data
import measure
import ours
from server import die_with_parent, program

HERE = Path(__file__).parent
PASSWORD = "facile"
SETTINGS = """
[mail]
enabled = true
sender_per_hour = 1000000
mailbox_per_hour = 1000000
first_look = "all"

[mail.attachments]
folder = "{upload}"

[[mail.mailboxes]]
name = "support"
host = "127.0.0.1"
port = {port}
security = "none"
user = "support"
password = "{password}"
"""


class MailServer:
    """A private Dovecot with one account, gone with the process."""

    def __init__(self, folder):
        self.folder, self.root, self.pristine = folder, folder / "mail" / "support", folder / "pristine"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.owner = "nobody" if os.getuid() == 0 else getpass.getuser()
        group = subprocess.run(["id", "-gn", self.owner], capture_output=True, text=True, check=True).stdout.strip()
        own = "" if os.getuid() == 0 else f"default_internal_user = {self.owner}\ndefault_login_user = {self.owner}\ndefault_internal_group = {group}\n"
        ids = [subprocess.run(["id", flag, self.owner], capture_output=True, text=True, check=True).stdout.strip() for flag in ("-u", "-g")]
        config = folder / "dovecot.conf"
        config.write_text(
            f"protocols = imap\nlisten = 127.0.0.1\nbase_dir = {folder}/run\nstate_dir = {folder}/state\nlog_path = {folder}/dovecot.log\n{own}"
            f"first_valid_uid = 1\nssl = no\ndisable_plaintext_auth = no\nmail_max_userip_connections = 100\nmail_location = maildir:{folder}/mail/%u\n"
            f"service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {self.port}\n  }}\n}}\nservice anvil {{\n  chroot =\n}}\nservice stats {{\n  chroot =\n}}\n"
            f"passdb {{\n  driver = static\n  args = password={PASSWORD}\n}}\nuserdb {{\n  driver = static\n  args = uid={ids[0]} gid={ids[1]} home={folder}/mail/%u\n}}\n"
        )
        folder.chmod(0o755)
        self.fill([])
        self.process = subprocess.Popen([program("dovecot"), "-F", "-c", str(config)], preexec_fn=die_with_parent)
        atexit.register(self.stop)
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise SystemExit((folder / "dovecot.log").read_text()[-2000:])
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def fill(self, mails):
        shutil.rmtree(self.pristine, ignore_errors=True)
        for part in ("new", "cur", "tmp"):
            (self.pristine / part).mkdir(parents=True)
        for number, mail in enumerate(mails):
            (self.pristine / "new" / f"{1_770_000_000 + number}.M{number}.bench").write_bytes(mail)
        self.reset()

    def reset(self):
        """The mailbox as if nobody had ever looked at it."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.parent.mkdir(exist_ok=True)
        self.root.parent.chmod(0o755)
        shutil.copytree(self.pristine, self.root)
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", self.owner, str(self.root)], check=True)


def letters(count):
    """Mails of mixed sizes: text, HTML, and attachments up to a megabyte."""
    rare = random.Random(7)
    line = "L'imprimante du bureau répond « hors ligne » alors qu'elle est allumée.\r\n"
    for number in range(count):
        head = (f"From: Client {number % 200} <client{number % 200}@client.example>\r\nTo: support@example.fr\r\nSubject: Panne no {number}\r\n"
                f"Message-ID: <{number}@client.example>\r\nDate: Mon, 02 Mar 2026 09:{number % 60:02}:00 +0100\r\nMIME-Version: 1.0\r\n")
        text = line * (5 + number % 40)
        size = {0: 1_000_000, 1: 100_000, 2: 100_000}.get(number % 100, 20_000 if number % 10 == 3 else 0)
        if size:
            body = rare.randbytes(size * 3 // 4)
            import base64
            coded = base64.encodebytes(body).decode().replace("\n", "\r\n")
            yield (head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text
                   + "--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n" + coded + "--b--\r\n").encode()
        elif number % 5 == 0:
            html = "".join(f"<p style=\"color:black\">{one}</p>" for one in text.splitlines())
            yield (head + "Content-Type: text/html; charset=utf-8\r\n\r\n<html><body>" + html + "</body></html>\r\n").encode()
        else:
            yield (head + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text).encode()


def run(bench):
    count = 2_000 // bench.scale
    bench.say(f"mails: {count} into tickets")
    folder = bench.server.folder / "dovecot"
    folder.mkdir()
    bench.server.folder.chmod(0o755)
    mails = list(letters(count))
    post = MailServer(folder)
    post.fill(mails)
    upload = folder / "upload"
    (upload / "ticket").mkdir(parents=True)
    site = ours.Site(bench.server, "mails", SETTINGS.format(upload=upload, port=post.port, password=PASSWORD))
    data.people(bench.server, site.gestsup, site.gestan)
    bench.server.run(f"GRANT INSERT, UPDATE ON {site.gestsup}.* TO connector@'%'")
    clean = "TRUNCATE tincidents; TRUNCATE tthreads; TRUNCATE tattachments"

    def fresh():
        post.reset()
        bench.server.run(clean, site.gestsup)
        shutil.rmtree(upload / "ticket")
        (upload / "ticket").mkdir()

    def check(name):
        made = bench.server.one("SELECT COUNT(*) FROM tincidents", site.gestsup)
        if made != count:
            raise SystemExit(f"{name} made {made} tickets of {count} mails")

    def sync():
        fresh()
        site.forget()
        done = measure.run([ours.BINARY, "--config", site.config, "sync", "mail"], stdout=bench.server.folder / "mail.log")
        check("ours")
        return done

    fetched = folder / "fetched"
    fetcher = folder / "mbsyncrc"
    fetcher.write_text(
        f"IMAPAccount a\nHost 127.0.0.1\nPort {post.port}\nUser support\nPass {PASSWORD}\nSSLType None\nAuthMechs LOGIN\n\nIMAPStore far\nAccount a\n\n"
        f"MaildirStore near\nPath {fetched}/\nInbox {fetched}/INBOX\n\nChannel c\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSync Pull\nSyncState *\n"
    )

    def mbsync():
        fresh()
        shutil.rmtree(fetched, ignore_errors=True)
        fetched.mkdir()
        done = measure.run([program("mbsync"), "-q", "-c", fetcher, "-a"], stdout=folder / "mbsync.log")
        got = sum(1 for part in ("new", "cur") for _ in (fetched / "INBOX" / part).iterdir())
        if got != count:
            raise SystemExit(f"mbsync fetched {got} of {count} mails")
        return done

    def script():
        fresh()
        done = measure.run([sys.executable, HERE / "mail_by_mail.py", post.port, bench.server.port, site.gestsup], stdout=folder / "script.log")
        check("script")
        return done

    series = measure.Series(bench.rounds, {"mbsync": mbsync, "ours": sync, "script": script})
    mine, mib = series.seconds("ours"), series.mib("ours")
    for name, label in [("mbsync", "mbsync, fetching only"), ("script", "imaplib + PyMySQL")]:
        bench.row(f"{count:,} mails into tickets ({count / mine:,.0f}/s)", mine, label, series.seconds(name), series.ratio("ours", name), mib, f"mails_vs_{name}")
    bench.peaks["mails"] = round(mib, 1)
    bench.result["mails_per_second"] = {name: round(count / series.seconds(name)) for name in ("ours", "mbsync", "script")}
    bench.result["mails_mb"] = round(sum(map(len, mails)) / 1e6, 1)
