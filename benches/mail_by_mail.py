"""What a script that does the minimum does: each unread mail becomes a ticket, no duplicates looked for, nothing kept of a file."""

import email
import email.policy
import html
import imaplib
import sys

import pymysql

imap_port, port, gestsup = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
base = pymysql.connect(host="127.0.0.1", port=port, user="root", database=gestsup, charset="utf8mb4", autocommit=True, init_command="SET sql_mode=''")
cursor = base.cursor()
cursor.execute("SELECT mail, id FROM tusers WHERE disable = 0")
people = dict(cursor.fetchall())
box = imaplib.IMAP4("127.0.0.1", imap_port)
box.login("support", "facile")
box.select("INBOX")
for number in box.search(None, "UNSEEN")[1][0].split():
    mail = email.message_from_bytes(box.fetch(number, "(BODY.PEEK[])")[1][0][1], policy=email.policy.default)
    user = people.get(mail["From"].addresses[0].addr_spec.lower(), 0)
    body = mail.get_body(("html", "plain"))
    text = body.get_content() if body else ""
    if body is not None and body.get_content_type() == "text/plain":
        text = html.escape(text).replace("\n", "<br />")
    cursor.execute(
        "INSERT INTO tincidents (user, title, description, date_create, date_modif, state, criticality, creator) VALUES (%s, %s, %s, NOW(), NOW(), 5, 4, %s)",
        (user, html.escape(mail["Subject"])[:100], text, user),
    )
    cursor.execute("INSERT INTO tthreads (ticket, date, type) VALUES (%s, NOW(), 6)", (cursor.lastrowid,))
    box.store(number, "+FLAGS", "\\Seen")
box.logout()
