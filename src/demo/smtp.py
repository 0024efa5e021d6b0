"""A mail server that takes mails and keeps each in a file, for tests and the demonstration. It ends when its standard
input does. What it does with commands, the file `behaviour` tells: lines of `command answer`, as in
`RCPT:x@y.fr 550 No such user`; the answer `sleep N` waits so many seconds, `hang up` ends the connection."""

import asyncio
import base64
import itertools
import json
import os
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

folder, port, mode, user, password = sys.argv[1:6]
number = itertools.count(len(os.listdir(os.path.join(folder, "mails"))) + 1)


def behaviour(server, *keys):
    try:
        with open(os.path.join(folder, "behaviour"), encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    for line in lines:
        key, _, answer = line.partition(" ")
        if key in keys:
            return answer
    return None


async def answered(server, *keys):
    answer = behaviour(server, *keys)
    if answer is None:
        return None
    if answer.startswith("sleep "):
        await asyncio.sleep(float(answer.split()[1]))
        return None
    if answer == "hang up":
        server.transport.close()
        return "421 Bye"
    return answer


class Handler:
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        await answered(server, "EHLO")
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        answer = await answered(server, "MAIL")
        if answer:
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = await answered(server, "RCPT", "RCPT:" + address)
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = await answered(server, "DATA", *("DATA:" + address for address in envelope.rcpt_tos))
        if answer and not answer.startswith("250"):
            return answer
        name = os.path.join(folder, "mails", "%06d.json" % next(number))
        record = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "options": envelope.mail_options,
            "tls": mode == "tls" or session.ssl is not None,
            "login": str(session.auth_data or ""),
            "content": envelope.content.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode("utf-8"),
        }
        with open(name + ".new", "w", encoding="utf-8") as file:
            json.dump(record, file)
        os.rename(name + ".new", name)
        # Taken, and the answer is lost on the way.
        if behaviour(server, "LOSE"):
            server.transport.close()
        return "250 OK"


    async def auth_XOAUTH2(self, server, args):
        words = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
        good = words == "user=%s\x01auth=Bearer %s\x01\x01" % (user, password)
        return AuthResult(success=good, handled=False, auth_data=user if good else None)


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == (user, password)
    return AuthResult(success=good, handled=False, auth_data=user if good else None)


context = None
if mode in ("tls", "starttls"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
controller = Controller(
    Handler(),
    hostname="127.0.0.1",
    port=int(port),
    enable_SMTPUTF8=mode != "ascii",
    authenticator=authenticate if user else None,
    auth_required=bool(user),
    auth_require_tls=mode == "starttls",
    ssl_context=context if mode == "tls" else None,
    tls_context=context if mode == "starttls" else None,
)
controller.start()
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
threading.Event().wait()
