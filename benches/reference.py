"""Gestan's reference data into GestSup: a first load, a pass without changes, a pass with a hundred."""

import measure
import ours

MORE = """
[reference]
enabled = true
psp_contacts = false
projects = false
absences = false
"""
GRANTS = """
GRANT INSERT, UPDATE (name, address, zip, city, country, SIRET, TVA, comment, disable) ON {base}.tcompany TO connector@'%';
GRANT INSERT, UPDATE (firstname, lastname, mail, phone, mobile, `function`, company, address1, address2, zip, city, disable) ON {base}.tusers TO connector@'%';
GRANT INSERT, UPDATE (netbios, sn_manufacturer, sn_internal, type, manufacturer, model, user, date_install, date_end_warranty, disable) ON {base}.tassets TO connector@'%';
GRANT INSERT ON {base}.tassets_type TO connector@'%';
GRANT INSERT ON {base}.tassets_manufacturer TO connector@'%';
GRANT INSERT ON {base}.tassets_model TO connector@'%';
"""
CHANGED = 100


def fill(server, gestan, clients, persons, machines):
    """Companies with a contact that stands for each, contact persons of theirs, machines: what a service company has."""
    server.run(
        f"""INSERT INTO SOCIETE (IDSOCIETE, RAISON_SOCIALE, SIRET, NUM_TVA, ADRESSEP1, CPOSTALP, VILLEP)
            SELECT seq, CONCAT('Établissements Durand n°', seq), LPAD(seq, 14, '0'), CONCAT('FR', LPAD(seq, 11, '0')),
                CONCAT(1 + seq % 99, ' rue de la République'), LPAD(1000 + seq % 95000, 5, '0'), CONCAT('Ville ', seq % 900) FROM seq_1_to_{clients};
        INSERT INTO CONTACT (IDCONTACT, RAISON_SOCIALE, IDSOCIETE, ICLTPRO, IARCHIVE, DHCRE, DHMOD)
            SELECT seq, CONCAT('Établissements Durand n°', seq), seq, 1, 0, NOW() - INTERVAL 30 DAY, NOW() - INTERVAL 30 DAY FROM seq_1_to_{clients};
        INSERT INTO CONTACT (IDCONTACT, RAISON_SOCIALE, PRENOM, NOMFAMILLE, EMAILP, TELP1, TELP2, FONCTION_PRO, IDSOCIETE, ICLTPRO, IARCHIVE, DHCRE, DHMOD)
            SELECT {clients} + seq, '', ELT(1 + seq % 5, 'Zoé', 'Anaïs', 'Paul', 'Léa', 'Hervé'), CONCAT('Martin ', seq), CONCAT('p', seq, '@durand', 1 + seq % {clients}, '.fr'),
                CONCAT('04 72 ', LPAD(seq % 1000000, 6, '0')), CONCAT('06 12 ', LPAD(seq % 1000000, 6, '0')), 'Comptable', 1 + seq % {clients}, 1, 0,
                NOW() - INTERVAL 30 DAY, NOW() - INTERVAL 30 DAY FROM seq_1_to_{persons};
        INSERT INTO MACHINE_MNT (IDMACHINE, CD_MACHINE, LIB_MACHINE, NUM_SERIE, IDCONTACT, MARQUE, MODELE, TYPE_MACHINE, DT_MISEENFONCTION, DT_EXP_GARANTIE, IARCHIVE, DHCRE, DHMOD)
            SELECT seq, CONCAT('M', seq), CONCAT('Poste de travail ', seq), CONCAT('SN', LPAD(seq, 8, '0')), 1 + seq % {clients},
                CONCAT('Marque ', seq % 20), CONCAT('Modèle ', seq % 400), CONCAT('Type ', seq % 8), '2025-01-31', '2028-01-31', 0,
                NOW() - INTERVAL 30 DAY, NOW() - INTERVAL 30 DAY FROM seq_1_to_{machines};
        ANALYZE TABLE CONTACT, SOCIETE, MACHINE_MNT;""",
        gestan,
    )


def empty(server, gestsup):
    server.run(
        "TRUNCATE tcompany; TRUNCATE tassets; TRUNCATE tassets_type; TRUNCATE tassets_manufacturer; TRUNCATE tassets_model; DELETE FROM tusers WHERE id > 6", gestsup
    )


def floor(gestsup, gestan):
    """The floor of a first load: the same rows of the same tables, made inside the server in one transaction."""
    return f"""SET sql_mode = ''; START TRANSACTION;
    INSERT INTO {gestsup}.tcompany (id, name, address, zip, city, SIRET, TVA)
        SELECT c.IDCONTACT, c.RAISON_SOCIALE, s.ADRESSEP1, s.CPOSTALP, s.VILLEP, s.SIRET, s.NUM_TVA
        FROM {gestan}.CONTACT c JOIN {gestan}.SOCIETE s ON s.IDSOCIETE = c.IDSOCIETE WHERE c.RAISON_SOCIALE <> '' ORDER BY c.IDCONTACT;
    INSERT INTO {gestsup}.tusers (login, password, firstname, lastname, profile, mail, phone, mobile, `function`, company, address1, zip, city, language)
        SELECT c.EMAILP, '', c.PRENOM, c.NOMFAMILLE, 2, c.EMAILP, c.TELP1, c.TELP2, c.FONCTION_PRO, c.IDSOCIETE, s.ADRESSEP1, s.CPOSTALP, s.VILLEP, 'fr_FR'
        FROM {gestan}.CONTACT c JOIN {gestan}.SOCIETE s ON s.IDSOCIETE = c.IDSOCIETE WHERE c.NOMFAMILLE <> '' ORDER BY c.IDCONTACT;
    INSERT INTO {gestsup}.tassets_type (name) SELECT DISTINCT TYPE_MACHINE FROM {gestan}.MACHINE_MNT;
    INSERT INTO {gestsup}.tassets_manufacturer (name) SELECT DISTINCT MARQUE FROM {gestan}.MACHINE_MNT;
    INSERT INTO {gestsup}.tassets_model (type, manufacturer, name)
        SELECT DISTINCT t.id, b.id, m.MODELE FROM {gestan}.MACHINE_MNT m
        JOIN {gestsup}.tassets_type t ON t.name = m.TYPE_MACHINE JOIN {gestsup}.tassets_manufacturer b ON b.name = m.MARQUE;
    INSERT INTO {gestsup}.tassets (netbios, sn_internal, sn_manufacturer, type, manufacturer, model, user, state, date_install, date_end_warranty)
        SELECT m.LIB_MACHINE, CONCAT('GST-', m.IDMACHINE), m.NUM_SERIE, t.id, b.id, d.id, COALESCE(u.id, 0), 2, m.DT_MISEENFONCTION, m.DT_EXP_GARANTIE
        FROM {gestan}.MACHINE_MNT m JOIN {gestsup}.tassets_type t ON t.name = m.TYPE_MACHINE
        JOIN {gestsup}.tassets_manufacturer b ON b.name = m.MARQUE JOIN {gestsup}.tassets_model d ON d.name = m.MODELE AND d.type = t.id AND d.manufacturer = b.id
        LEFT JOIN (SELECT company, MIN(id) AS id FROM {gestsup}.tusers WHERE profile = 2 GROUP BY company) u ON u.company = m.IDCONTACT
        ORDER BY m.IDMACHINE;
    COMMIT;
    """


def reading(gestsup, gestan):
    """What a pass without changes has to read at least: Gestan's rows, and a print of GestSup's."""
    contact = ", ".join(f"c.{column}" for column in "IDCONTACT RAISON_SOCIALE PRENOM NOMFAMILLE EMAILP EMAIL TELP1 TELP2 FONCTION_PRO IDSOCIETE IARCHIVE".split())
    return f"""
    SELECT {contact}, s.ADRESSEP1, s.CPOSTALP, s.VILLEP, s.SIRET, s.NUM_TVA FROM {gestan}.CONTACT c LEFT JOIN {gestan}.SOCIETE s ON s.IDSOCIETE = c.IDSOCIETE;
    SELECT IDMACHINE, CD_MACHINE, LIB_MACHINE, NUM_SERIE, IDCONTACT, IARCHIVE, MARQUE, MODELE, TYPE_MACHINE, DT_MISEENFONCTION, DT_EXP_GARANTIE FROM {gestan}.MACHINE_MNT;
    SELECT id, CRC32(CONCAT_WS(CHAR(31), name, address, zip, city, country, SIRET, TVA, disable)) FROM {gestsup}.tcompany;
    SELECT id, CRC32(CONCAT_WS(CHAR(31), firstname, lastname, mail, phone, mobile, `function`, company, address1, address2, zip, city, disable)) FROM {gestsup}.tusers;
    SELECT id, CRC32(CONCAT_WS(CHAR(31), netbios, sn_internal, sn_manufacturer, type, manufacturer, model, user, date_install, date_end_warranty, disable)) FROM {gestsup}.tassets;
    """


class Trips:
    """Statements that the connector's accounts had the server carry out."""

    def __init__(self, server):
        self.server = server

    def questions(self):
        with self.server.root.cursor() as cursor:
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Questions'")
            return int(cursor.fetchone()[1])


def run(bench):
    clients, persons, machines = (count // bench.scale for count in (30_000, 60_000, 100_000))
    rows = clients + persons + machines
    bench.say(f"reference data: {clients} clients, {persons} contact persons, {machines} machines")
    site = ours.Site(bench.server, "reference", MORE)
    bench.server.run(GRANTS.format(base=site.gestsup))
    fill(bench.server, site.gestan, clients, persons, machines)
    questions = Trips(bench.server).questions
    trips = {}

    def sync(name="first load"):
        before = questions()
        run = site.sync(flow="reference")
        trips[name] = round((questions() - before) / (CHANGED if name == "changes" else rows), 4)
        return run

    def load():
        empty(bench.server, site.gestsup)
        site.forget()
        run = sync()
        for table, count in (("tcompany", clients), ("tassets", machines), ("tusers WHERE id > 6", persons)):
            seen = bench.server.one(f"SELECT COUNT(*) FROM {table}", site.gestsup)
            if seen < count:
                raise SystemExit(f"{seen} of {count} rows in {table}: {site.last_line()}")
        return run

    inside = bench.statement(site, floor(site.gestsup, site.gestan), "reference-floor")

    def bulk():
        empty(bench.server, site.gestsup)
        return inside()

    series = measure.Series(bench.rounds, {"bulk": bulk, "ours": load})
    bench.row(f"first load of {rows:,} records", series.seconds("ours"), "INSERT … SELECT", series.seconds("bulk"), series.ratio("ours", "bulk"), series.mib("ours"), "reference_load_vs_floor")
    bench.peaks["reference_load"] = round(series.mib("ours"), 1)
    bench.result["reference_load_cpu_seconds"] = round(series.cpu("ours"), 2)

    rounds = max(bench.rounds, 3)
    look = bench.statement(site, reading(site.gestsup, site.gestan), "reference-read")
    series = measure.Series(rounds, {"statement": look, "ours": lambda: sync("no change")})
    if "nothing to write" not in site.last_line():
        raise SystemExit(f"something was written: {site.last_line()}")
    quiet = series.seconds("ours")
    bench.row("nothing changed", quiet, "statements that read", series.seconds("statement"), series.ratio("ours", "statement"), series.mib("ours"), "reference_no_change_vs_read")
    bench.peaks["reference_no_change"] = round(series.mib("ours"), 1)

    turn = iter(range(1_000_000))
    step = machines // CHANGED

    def change():
        mark = next(turn)
        bench.server.run(f"UPDATE MACHINE_MNT SET LIB_MACHINE = CONCAT('Poste {mark}-', IDMACHINE), DHMOD = NOW() WHERE IDMACHINE % {step} = 1", site.gestan)
        run = sync("changes")
        if f"{CHANGED} rows written" not in site.last_line():
            raise SystemExit(f"not every change went through: {site.last_line()}")
        return run

    bench.server.run(
        f"""CREATE TABLE BENCH_ASSET (IDMACHINE BIGINT PRIMARY KEY, id BIGINT) AS
        SELECT CAST(SUBSTRING(sn_internal, 5) AS UNSIGNED) AS IDMACHINE, id FROM {site.gestsup}.tassets WHERE sn_internal LIKE 'GST-%'""",
        site.gestan,
    )
    bulk = f"""SET sql_mode = ''; UPDATE {site.gestsup}.tassets a JOIN {site.gestan}.BENCH_ASSET b ON b.id = a.id JOIN {site.gestan}.MACHINE_MNT m USING (IDMACHINE)
        SET a.netbios = m.LIB_MACHINE WHERE m.IDMACHINE % {step} = 1;""" + reading(site.gestsup, site.gestan)
    series = measure.Series(rounds, {"statement": bench.statement(site, bulk, "reference-change"), "ours": change})
    mine = series.seconds("ours")
    bench.row(f"{CHANGED} changed", mine, "the same, and one UPDATE", series.seconds("statement"), series.ratio("ours", "statement"), series.mib("ours"), "reference_changes_vs_statement")
    bench.peaks["reference_changes"] = round(series.mib("ours"), 1)
    bench.result["reference_seconds"] = {"no_change": round(quiet, 3), "changes": round(mine, 3)}
    bench.result["reference_trips_per_row"] = trips
    bench.say(f"  round trips: {trips}")
