"""Fills a pair of bases with set-based SQL, and what a person would write by hand to do the connector's work."""

COMPANIES = 200
TECHNICIANS = 20
REQUESTERS = 300
STEPS = 3

DESCRIPTION = (
    "CONCAT('<p>Bonjour,</p><p>Depuis ce matin, le poste ', seq, ' du service ', seq % 17, ' n&#039;imprime plus : "
    "l&#039;imprimante r&eacute;pond « hors ligne » alors qu&#039;elle est <b>allum&eacute;e</b>. Nous avons "
    "d&eacute;j&agrave; essay&eacute; de la red&eacute;marrer, de changer le c&acirc;ble et de vider la file "
    "d&#039;attente, sans succ&egrave;s.</p><p>Pouvez-vous passer avant ', 9 + seq % 9, ' heures ? La facturation du "
    "mois attend, et le client ', seq % 199, ' aussi.</p><ul><li>Poste : PC-', seq, '</li><li>Bureau : ', seq % 40, "
    "'</li></ul><p>Merci d&#039;avance,<br>le secr&eacute;tariat</p>')"
)
STEP_TEXT = (
    "CONCAT('<p>', ELT(1 + s.n, 'Bonjour, avez-vous pu regarder ?', 'Pilote r&eacute;install&eacute; et "
    "imprimante remise en ligne.', 'Une page de test a &eacute;t&eacute; imprim&eacute;e, tout va bien.'), "
    "' Intervention ', t.id, ' au bureau ', t.id % 40, '.</p><p>Le c&acirc;ble r&eacute;seau a &eacute;t&eacute; "
    "v&eacute;rifi&eacute; ; l&#039;adresse est 10.0.', t.id % 250, '.', s.n, '. Nous restons &agrave; votre "
    "disposition.</p>')"
)


def people(server, gestsup, gestan):
    """Companies and clients, technicians and users, requesters: the same names on both sides."""
    server.run(
        f"""INSERT INTO tcompany (id, name) SELECT seq, CONCAT('Entreprise ', seq) FROM seq_1_to_{COMPANIES};
        INSERT INTO tusers (id, login, firstname, lastname, profile, mail)
            SELECT 100 + seq, CONCAT('tech', seq), 'Technicien', CONCAT('Numéro ', seq), 0, CONCAT('tech', seq, '@sival.fr')
            FROM seq_1_to_{TECHNICIANS};
        INSERT INTO tusers (id, login, firstname, lastname, profile, mail, company)
            SELECT 1000 + seq, CONCAT('user', seq), 'Client', CONCAT('Numéro ', seq), 2, CONCAT('user', seq, '@client.fr'), 1 + seq % {COMPANIES}
            FROM seq_1_to_{REQUESTERS};""",
        gestsup,
    )
    server.run(
        f"""INSERT INTO CONTACT (IDCONTACT, RAISON_SOCIALE, EMAILP, ICLTPRO, IARCHIVE, DHCRE, DHMOD)
            SELECT seq, CONCAT('Entreprise ', seq), CONCAT('contact', seq, '@client.fr'), 1, 0, NOW(), NOW() FROM seq_1_to_{COMPANIES};
        INSERT INTO USER (CDUSER, PRENOM, NOMFAMILLE, EMAIL, IARCHIVE, DHCRE, DHMOD)
            SELECT CONCAT('T', LPAD(seq, 2, '0')), 'Technicien', CONCAT('Numéro ', seq), CONCAT('tech', seq, '@sival.fr'), 0, NOW(), NOW()
            FROM seq_1_to_{TECHNICIANS};""",
        gestan,
    )


def tickets(server, gestsup, count, opened):
    """So many attributed tickets with three steps each; the last `opened` are open, the others were closed long ago."""
    closed = count - opened
    server.run(
        f"""INSERT INTO tincidents (id, type, technician, title, description, user, creator, date_create, date_res, date_modif,
                state, priority, criticality, time, time_hope, category, subcat, billable)
            SELECT seq, 1 + seq % 2, 101 + seq % {TECHNICIANS}, CONCAT('Imprimante du bureau ', seq % 40, ' en panne n°', seq), {DESCRIPTION},
                1001 + seq % {REQUESTERS}, 1001 + seq % {REQUESTERS},
                NOW() - INTERVAL (100 + 900 * ({count} - seq) DIV {count}) DAY,
                IF(seq <= {closed}, NOW() - INTERVAL (90 + 900 * ({count} - seq) DIV {count}) DAY, '0000-00-00 00:00:00'),
                NOW() - INTERVAL 90 DAY,
                IF(seq <= {closed}, 3, 1 + seq % 2), 1 + seq % 6, 1 + seq % 4, 15 * (1 + seq % 8), 5, 1 + seq % 2, 1 + seq % 2, seq % 2
            FROM seq_1_to_{count};
        INSERT INTO tthreads (ticket, date, author, text, type, time)
            SELECT t.id, t.date_create + INTERVAL s.n DAY, IF(s.n = 0, t.user, t.technician),
                IF(s.n = 2 AND t.state = 3, '', {STEP_TEXT}), IF(s.n = 2 AND t.state = 3, 4, 0), 5 * s.n
            FROM tincidents t JOIN (SELECT seq AS n FROM seq_0_to_{STEPS - 1}) s ORDER BY t.id, s.n;
        ANALYZE TABLE tincidents, tthreads;""",
        gestsup,
    )


def warm(server, gestsup):
    """Every page into the server's cache, for whoever comes first."""
    server.one("SELECT SUM(LENGTH(description)) FROM tincidents", gestsup)
    server.one("SELECT SUM(LENGTH(text)) FROM tthreads", gestsup)


def empty(server, gestan):
    server.run(
        "TRUNCATE INTERVENTION; TRUNCATE Z83_INTERVENTION; TRUNCATE Z90_TICKET; TRUNCATE Z90_STEP; TRUNCATE Z90_LINK", gestan
    )


def floor(gestsup, gestan):
    """The floor of a first sync: the same rows of the same tables, made inside the server in one transaction."""
    paragraph = (
        r"CONCAT('\\pard\\f0\\fs20\\b ', DATE_FORMAT(h.date, '%d/%m/%Y à %H:%i'), ' - ', a.firstname, ' ', a.lastname, "
        r"'\\b0\\par\r\n\\pard ', h.text, '\\par\r\n')"
    )
    memo = (
        r"CONCAT('{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Arial;}}', 'Ticket GestSup n°', t.id, '\\par\r\n', "
        r"t.description, '\\par\r\n', COALESCE(s.memo, ''), '}')"
    )
    audit = "NOW(), 'GSC', NOW(), 'GSC'"
    return f"""SET sql_mode = ''; SET group_concat_max_len = 1000000; START TRANSACTION;
    INSERT INTO {gestan}.INTERVENTION (IDINTERVENTION, LIB50, IDCONTACT, DT_INTER_DBT, HR_DEBUT, DT_INTER_FIN, HR_FIN, ST_INTER,
            CDUSER, US_TEAM, LIB_INTERVENTION, DEMANDEUR, DHCRE, USCRE, DHMOD, USMOD)
        SELECT t.id, LEFT(t.title, 50), c.IDCONTACT, DATE(t.date_create), TIME(t.date_create), DATE(t.date_create), TIME(t.date_create),
            IF(t.state = 3, IF(t.billable, 5, 2), 1), g.CDUSER, '', {memo}, LEFT(CONCAT(u.firstname, ' ', u.lastname), 30), {audit}
        FROM {gestsup}.tincidents t JOIN {gestsup}.tusers u ON u.id = t.user JOIN {gestsup}.tcompany k ON k.id = u.company
        JOIN {gestan}.CONTACT c ON c.IDCONTACT = k.id JOIN {gestsup}.tusers e ON e.id = t.technician
        JOIN {gestan}.USER g ON g.IDUSER = e.id - 100
        LEFT JOIN (SELECT h.ticket, GROUP_CONCAT({paragraph} ORDER BY h.id SEPARATOR '') AS memo FROM {gestsup}.tthreads h
            JOIN {gestsup}.tusers a ON a.id = h.author GROUP BY h.ticket) s ON s.ticket = t.id
        WHERE t.technician <> 0 ORDER BY t.id;
    INSERT INTO {gestan}.Z83_INTERVENTION (IDINTERVENTION, TPS_PASSE, PRIORITE, CHARGE_ESTIMEE, DHCRE, USCRE, DHMOD, USMOD)
        SELECT id, time, priority, 0, {audit} FROM {gestsup}.tincidents WHERE technician <> 0;
    INSERT INTO {gestan}.Z90_TICKET (CC_TICKET, SOURCE, NUMERO, SEQUENCE, URL, IDINTERVENTION, ORIGINE, DHCRE, USCRE, DHMOD, USMOD)
        SELECT CONCAT('gestsup:', id, ':1'), 'gestsup', id, 1, CONCAT('https://support.example.fr/index.php?page=ticket&id=', id), id,
            JSON_OBJECT('created', date_create, 'creator', creator, 'first_step', id), {audit}
        FROM {gestsup}.tincidents WHERE technician <> 0;
    INSERT INTO {gestan}.Z90_STEP (CC_STEP, CC_TICKET, CLE, DH_ETAPE, AUTEUR, GENRE, MINUTES, MARQUE, TEXTE, TEXTE_AVANT, EMPREINTE, DHCRE, USCRE, DHMOD, USMOD)
        SELECT CONCAT('gestsup:', id, ':1:head'), CONCAT('gestsup:', id, ':1'), 'head', '1970-01-01T00:00:00+00:00', '', '', 0, '',
            CONCAT('Ticket GestSup n°', id), '', SHA2(id, 256), {audit} FROM {gestsup}.tincidents WHERE technician <> 0;
    INSERT INTO {gestan}.Z90_STEP (CC_STEP, CC_TICKET, CLE, DH_ETAPE, AUTEUR, GENRE, MINUTES, MARQUE, TEXTE, TEXTE_AVANT, EMPREINTE, DHCRE, USCRE, DHMOD, USMOD)
        SELECT CONCAT('gestsup:', id, ':1:description'), CONCAT('gestsup:', id, ':1'), 'description', date_create, '', 'question', 0, '',
            description, '', SHA2(description, 256), {audit} FROM {gestsup}.tincidents WHERE technician <> 0;
    INSERT INTO {gestan}.Z90_STEP (CC_STEP, CC_TICKET, CLE, DH_ETAPE, AUTEUR, GENRE, MINUTES, MARQUE, TEXTE, TEXTE_AVANT, EMPREINTE, DHCRE, USCRE, DHMOD, USMOD)
        SELECT CONCAT('gestsup:', h.ticket, ':1:step:', h.id), CONCAT('gestsup:', h.ticket, ':1'), CONCAT('step:', h.id), h.date,
            CONCAT(a.firstname, ' ', a.lastname), 'réponse', h.time, '', h.text, '', SHA2(h.text, 256), {audit}
        FROM {gestsup}.tthreads h JOIN {gestsup}.tincidents t ON t.id = h.ticket JOIN {gestsup}.tusers a ON a.id = h.author
        WHERE t.technician <> 0 ORDER BY h.id;
    COMMIT;"""


TICKET = (
    "id type technician t_group title description user u_group u_service date_create date_hope date_res billable state priority "
    "criticality time time_hope creator category subcat asset_id user_validation place img1 img2 img3 img4 img5"
).split()
STEP = "id date author text type tech1 tech2 group1 group2 state private time".split()


def _hash(columns):
    return f"CONV(LEFT(MD5(CONCAT_WS(CHAR(31), {', '.join(columns)})), 15), 16, 10)"


def fingerprint(opened_only):
    """One statement: the fingerprints of the open rows and the ids of all, or the fingerprints of all rows."""
    opened = "t.state NOT IN (3, 4)" if opened_only else "TRUE"
    ticket = [f"t.{name}" for name in TICKET]
    ticket += [f"u.{name}" for name in ("id", "login", "firstname", "lastname", "mail", "company", "profile")]
    ticket += [f"k.{name}" for name in ("id", "login", "firstname", "lastname", "mail")] + ["c.name"]
    step = [f"h.{name}" for name in STEP] + [f"a.{name}" for name in ("firstname", "lastname", "login", "profile")]
    rows = f"""SELECT t.id, {_hash(ticket)} AS f, s.f AS g FROM tincidents t LEFT JOIN tusers u ON u.id = t.user
        LEFT JOIN tusers k ON k.id = t.technician LEFT JOIN tcompany c ON c.id = u.company
        LEFT JOIN (SELECT h.ticket, SUM({_hash(step)}) AS f FROM tincidents t JOIN tthreads h ON h.ticket = t.id
            LEFT JOIN tusers a ON a.id = h.author WHERE {opened} GROUP BY h.ticket) s ON s.ticket = t.id
        WHERE t.disable = 0 AND {opened}"""
    return f"{rows} UNION ALL SELECT id, NULL, NULL FROM tincidents WHERE disable = 0" if opened_only else rows
