"""What is written by hand today: one connection, a row at a time, one commit a ticket."""

import hashlib
import html
import json
import re
import sys

import pymysql

port, gestsup, gestan = int(sys.argv[1]), sys.argv[2], sys.argv[3]
base = pymysql.connect(host="127.0.0.1", port=port, user="root", charset="utf8mb4", autocommit=False, init_command="SET sql_mode=''")
db = base.cursor()
AUDIT = "DHCRE, USCRE, DHMOD, USMOD"
NOW = "NOW(), 'GSC', NOW(), 'GSC'"


def plain(text):
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<(br|/p|/li)[^>]*>", "\n", text))).strip()


def rtf(text):
    return "".join(c if ord(c) < 128 else rf"\'{c.encode('cp1252', 'replace').hex()}" for c in text).replace("\n", "\\par\r\n")


db.execute(f"SELECT IDCONTACT, RAISON_SOCIALE FROM {gestan}.CONTACT")
clients = {name: number for number, name in db.fetchall()}
db.execute(f"SELECT CDUSER, EMAIL FROM {gestan}.USER")
users = {mail: code for code, mail in db.fetchall()}
db.execute(
    f"""SELECT t.id, t.title, t.description, t.date_create, t.state, t.billable, t.time, t.priority, t.creator,
        u.firstname, u.lastname, c.name, k.mail FROM {gestsup}.tincidents t JOIN {gestsup}.tusers u ON u.id = t.user
        JOIN {gestsup}.tcompany c ON c.id = u.company JOIN {gestsup}.tusers k ON k.id = t.technician WHERE t.technician <> 0 ORDER BY t.id"""
)
for number, title, description, created, state, billable, time, priority, creator, first, last, company, mail in db.fetchall():
    db.execute(
        f"SELECT h.id, h.date, h.text, h.time, a.firstname, a.lastname FROM {gestsup}.tthreads h JOIN {gestsup}.tusers a ON a.id = h.author "
        "WHERE h.ticket = %s ORDER BY h.id",
        (number,),
    )
    steps = db.fetchall()
    entries = [("head", created, "", "", 0, f"Ticket GestSup n°{number}"), ("description", created, f"{first} {last}", "question", 0, plain(description))]
    entries += [(f"step:{step}", date, f"{a} {b}", "réponse", minutes, plain(text)) for step, date, text, minutes, a, b in steps]
    memo = "{\\rtf1\\ansi\\ansicpg1252\\deff0" + "".join(rtf(f"{at} - {author}\n{text}\n") for _, at, author, _, _, text in entries) + "}"
    status = (5 if billable else 2) if state == 3 else 1
    db.execute(
        f"INSERT INTO {gestan}.INTERVENTION (LIB50, IDCONTACT, DT_INTER_DBT, HR_DEBUT, ST_INTER, CDUSER, US_TEAM, LIB_INTERVENTION, DEMANDEUR, {AUDIT}) "
        f"VALUES (%s, %s, %s, %s, %s, %s, '', %s, %s, {NOW})",
        (title[:50], clients[company], created.date(), created.time(), status, users[mail], memo, f"{first} {last}"[:30]),
    )
    intervention = db.lastrowid
    db.execute(
        f"INSERT INTO {gestan}.Z83_INTERVENTION (IDINTERVENTION, TPS_PASSE, PRIORITE, CHARGE_ESTIMEE, {AUDIT}) VALUES (%s, %s, %s, 0, {NOW})",
        (intervention, time, priority),
    )
    key = f"gestsup:{number}:1"
    origin = json.dumps({"created": str(created), "creator": creator, "first_step": steps[0][0] if steps else None})
    db.execute(
        f"INSERT INTO {gestan}.Z90_TICKET (CC_TICKET, SOURCE, NUMERO, SEQUENCE, URL, IDINTERVENTION, ORIGINE, {AUDIT}) VALUES (%s, 'gestsup', %s, 1, %s, %s, %s, {NOW})",
        (key, number, f"https://support.example.fr/index.php?page=ticket&id={number}", intervention, origin),
    )
    for name, at, author, kind, minutes, text in entries:
        db.execute(
            f"INSERT INTO {gestan}.Z90_STEP (CC_STEP, CC_TICKET, CLE, DH_ETAPE, AUTEUR, GENRE, MINUTES, MARQUE, TEXTE, TEXTE_AVANT, EMPREINTE, {AUDIT}) "
            f"VALUES (%s, %s, %s, %s, %s, %s, %s, '', %s, '', %s, {NOW})",
            (f"{key}:{name}", key, name, at.isoformat(), author, kind, minutes, text, hashlib.sha256(text.encode()).hexdigest()),
        )
    base.commit()
