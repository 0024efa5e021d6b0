"""Ratios of things that run side by side in one call; see scripts/bench and docs/benchmarks.md."""

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

import data
import mails
import measure
import odbc
import ours
import reference
from server import Server

HERE = Path(__file__).parent
AIMS = {
    "first_sync_vs_floor": 4.0, "first_sync_vs_script": 0.1, "first_sync_vs_dlt": 1 / 3, "no_change_vs_statement": 1.3,
    "reference_load_vs_floor": None, "reference_no_change_vs_read": None, "reference_changes_vs_statement": None,
    "odbc_vs_mysql": None, "odbc_vs_mysql_four_at_a_time": None,
    "full_sweep_vs_statement": 1.3, "fifty_changes_vs_round_trips": 2.0, "batch_vs_bulk_insert": None,
}
MEMORY = 64


class Bench:
    def __init__(self, quick, rounds):
        self.scale, self.rounds = (10 if quick else 1), rounds
        self.server = Server()
        self.machine = ours.machine(self.server.version)
        self.result = {}
        self.peaks = {}
        self.rows = []

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def row(self, what, ours_s, theirs, theirs_s, ratio, mib=None, key=None):
        aim = AIMS.get(key)
        if key:
            self.result[key] = round(ratio, 3)
        self.rows.append((
            what, f"{ours_s:.3f} s", theirs, f"{theirs_s:.3f} s", f"{ratio:.2f}",
            "" if aim is None else f"≤ {aim:.2f} {'met' if ratio <= aim else 'MISSED'}", "" if mib is None else f"{mib:.0f} MiB",
        ))

    def statement(self, site, sql, stem):
        """Carries a statement out with the server's own client, its rows thrown away."""
        file = self.server.folder / f"{stem}.sql"
        file.write_text(sql)
        return lambda: measure.run(self.server.client(site.gestsup), stdin=file)

    def first_sync(self):
        count = 20_000 // self.scale
        self.say(f"first sync: {count} tickets with {3 * count} steps")
        site = ours.Site(self.server, "first")
        data.people(self.server, site.gestsup, site.gestan)
        data.tickets(self.server, site.gestsup, count, count // 4)
        data.warm(self.server, site.gestsup)
        written = {}

        def check(name):
            rows = [self.server.one(f"SELECT COUNT(*) FROM {table}", site.gestan) for table in ("INTERVENTION", "Z83_INTERVENTION", "Z90_TICKET", "Z90_STEP")]
            size = self.server.one("SELECT SUM(LENGTH(LIB_INTERVENTION)) FROM INTERVENTION", site.gestan)
            size += self.server.one("SELECT SUM(LENGTH(TEXTE)) FROM Z90_STEP", site.gestan)
            written[name] = {"rows": rows, "text_mb": round(float(size) / 1e6, 1)}
            if rows[0] != count:
                raise SystemExit(f"{name} wrote {rows[0]} of {count} interventions")

        def sync():
            data.empty(self.server, site.gestan)
            site.forget()
            run = site.sync()
            check("ours")
            return run

        inside = self.statement(site, data.floor(site.gestsup, site.gestan), "floor")

        def floor():
            data.empty(self.server, site.gestan)
            run = inside()
            check("floor")
            return run

        def script():
            data.empty(self.server, site.gestan)
            run = measure.run([sys.executable, HERE / "row_by_row.py", self.server.port, site.gestsup, site.gestan], stdout=self.server.folder / "script.log")
            check("script")
            return run

        def dlt():
            self.server.create("bench_dlt", None)
            pipelines = self.server.folder / "dlt"
            shutil.rmtree(pipelines, ignore_errors=True)
            return measure.run([sys.executable, HERE / "with_dlt.py", self.server.port, site.gestsup, "bench_dlt", pipelines, count], stdout=self.server.folder / "dlt.log")

        series = measure.Series(self.rounds, {"floor": floor, "ours": sync, "script": script, "dlt": dlt})
        mine, mib = series.seconds("ours"), series.mib("ours")
        for name, label in [("floor", "INSERT … SELECT"), ("script", "script, row by row"), ("dlt", "dlt, merge")]:
            self.row(f"first sync of {count:,}", mine, label, series.seconds(name), series.ratio("ours", name), mib, f"first_sync_vs_{name}")
        self.peaks["first_sync"] = round(mib, 1)
        self.result["first_sync_seconds"] = {name: round(series.seconds(name), 3) for name in series.runs}
        self.result["first_sync_cpu_seconds"] = round(series.cpu("ours"), 3)
        self.result["first_sync_written"] = written
        self.result["peak_mib_of_others"] = {name: round(series.mib(name), 1) for name in ("script", "dlt")}

    def base(self, count, opened, name):
        site = ours.Site(self.server, name)
        data.people(self.server, site.gestsup, site.gestan)
        data.tickets(self.server, site.gestsup, count, opened)
        data.warm(self.server, site.gestsup)
        run = site.sync()
        return site, run

    def settle(self, site):
        """Two months after the first sync, with nothing to do."""
        site.age(60)
        site.sync()
        last = site.last_line()
        if "nothing" not in last.lower():
            self.say(f"  after the first sync: {last}")

    def passes(self):
        count, opened, changed = 200_000 // self.scale, 5_000 // self.scale, 50
        self.say(f"passes over {count} tickets, {opened} of them open")
        site, first = self.base(count, opened, "steady")
        self.peaks["first_sync_of_the_large_base"] = round(first.mib, 1)
        self.result["first_sync_of_the_large_base_seconds"] = round(first.seconds, 2)
        self.settle(site)
        rounds = max(self.rounds, 5)
        series = measure.Series(rounds, {
            "statement": self.statement(site, data.fingerprint(True), "open"), "ours": site.sync,
        })
        quiet = series.seconds("ours")
        self.row(f"nothing changed, {opened:,} open of {count:,}", quiet, "one statement", series.seconds("statement"), series.ratio("ours", "statement"), series.mib("ours"), "no_change_vs_statement")
        self.peaks["no_change"] = round(series.mib("ours"), 1)
        self.result["no_change_seconds"] = round(quiet, 4)

        def look():
            site.make_look_due()
            return site.sync(config=site.rolling)

        series = measure.Series(rounds, {"statement": self.statement(site, data.fingerprint(False), "all"), "ours": look})
        self.row(f"rolling look at all {count:,}", series.seconds("ours"), "one statement", series.seconds("statement"), series.ratio("ours", "statement"), series.mib("ours"), "full_sweep_vs_statement")
        self.peaks["full_sweep"] = round(series.mib("ours"), 1)
        full = site.sync("--full")
        self.peaks["sync_full"] = round(full.mib, 1)
        self.result["sync_full_seconds"] = round(full.seconds, 3)
        self.changes(site, count, opened, changed, rounds, quiet)
        started = measure.Series(rounds, {"start": lambda: measure.run([ours.BINARY, "--version"])})
        self.result["process_start_seconds"] = round(started.seconds("start"), 4)

    def changes(self, site, count, opened, changed, rounds, quiet):
        numbers = [count - opened + 1 + n * (opened // changed) for n in range(changed)]
        turn = iter(range(1_000_000))

        def sync():
            listed = ", ".join(map(str, numbers))
            self.server.run(f"UPDATE tincidents SET time = time + 5, title = 'Changé {next(turn)}' WHERE id IN ({listed})", site.gestsup)
            run = site.sync()
            if f"{changed} updated" not in site.last_line() and f"{changed} " not in site.last_line():
                raise SystemExit(f"not every change went through: {site.last_line()}")
            return run

        connection = self.server.connect(site.gestan)
        ids = {row[0]: row[1] for row in self.rows_of("SELECT NUMERO, IDINTERVENTION FROM Z90_TICKET", site.gestan)}

        def trips():
            mark = next(turn)
            with connection.cursor() as cursor:
                begun = time.monotonic()
                for number in numbers:
                    cursor.execute(f"UPDATE INTERVENTION SET USDEF_LIB = '{mark}', DHMOD = NOW() WHERE IDINTERVENTION = {ids[number]}")
                return measure.Run(time.monotonic() - begun, 0, 0)

        series = measure.Series(rounds, {"trips": trips, "ours": sync})
        mine, theirs = series.seconds("ours"), series.seconds("trips")
        self.row(f"{changed} changed among {count:,}", mine, f"{changed} single-row UPDATEs", theirs, series.ratio("ours", "trips"), series.mib("ours"), "fifty_changes_vs_round_trips")
        self.row("  the same, the look taken away", mine - quiet, f"{changed} single-row UPDATEs", theirs, (mine - quiet) / theirs)
        self.result["fifty_changes_beyond_look_vs_round_trips"] = round((mine - quiet) / theirs, 3)
        self.result["fifty_changes_seconds"] = round(mine, 4)
        self.peaks["fifty_changes"] = round(series.mib("ours"), 1)

    def rows_of(self, sql, database):
        with self.server.root.cursor() as cursor:
            cursor.execute(f"USE {database}")
            cursor.execute(sql)
            return cursor.fetchall()

    def gateway(self):
        count = 10_000 // self.scale
        self.say(f"the gateway alone: {count} interventions in batches of 100")
        site = ours.Site(self.server, "gateway")
        data.people(self.server, site.gestsup, site.gestan)
        bodies = ours.batches(count)
        tables = ["INTERVENTION", "Z83_INTERVENTION", "Z90_TICKET", "Z90_STEP"]
        run = ours.GatewayRun(site)
        dump = self.server.folder / "rows.sql"

        def post(connections):
            def work():
                data.empty(self.server, site.gestan)
                return measure.Run(run.post(bodies, connections), 0, 0)
            return work

        post(1)()
        self.server.dump(site.gestan, tables, dump)

        def bulk():
            data.empty(self.server, site.gestan)
            return measure.run(self.server.client(site.gestan), stdin=dump)

        series = measure.Series(self.rounds, {"bulk": bulk, "one": post(1), "four": post(4)})
        self.peaks["gateway"] = round(run.peak_mib(), 1)
        run.stop()
        for name, label in [("one", "one request at a time"), ("four", "four requests at a time")]:
            seconds = series.seconds(name)
            self.row(f"gateway, {label} ({count / seconds:,.0f}/s)", seconds, f"bulk INSERT ({count / series.seconds('bulk'):,.0f}/s)", series.seconds("bulk"), series.ratio(name, "bulk"), self.peaks["gateway"], "batch_vs_bulk_insert" if name == "one" else None)
        self.result["batch_vs_bulk_insert_four_at_a_time"] = round(series.ratio("four", "bulk"), 3)
        self.result["interventions_per_second"] = {name: round(count / series.seconds(name)) for name in ("one", "four", "bulk")}

    def growth(self):
        """The same open tickets, 1, 2, 4 and 8 times the tickets."""
        first, opened = 10_000 // self.scale, 2_500 // self.scale
        curve = []
        for factor in (1, 2, 4, 8):
            count = first * factor
            site, run = self.base(count, opened, f"growth{factor}")
            self.settle(site)
            series = measure.Series(max(self.rounds, 3), {"quiet": site.sync})
            curve.append({"tickets": count, "first_sync_seconds": round(run.seconds, 3), "milliseconds_per_ticket": round(1000 * run.seconds / count, 4),
                          "first_sync_mib": round(run.mib, 1), "no_change_seconds": round(series.seconds("quiet"), 4), "no_change_mib": round(series.mib("quiet"), 1)})
            self.say(f"growth: {curve[-1]}")
            for database in (site.gestsup, site.gestan):
                self.server.run(f"DROP DATABASE {database}")
            site.forget()
        self.peaks["growth"] = max(max(point["first_sync_mib"], point["no_change_mib"]) for point in curve)
        self.result["growth"] = curve
        self.result["growth_per_ticket_8_vs_1"] = round(curve[-1]["milliseconds_per_ticket"] / curve[0]["milliseconds_per_ticket"], 3)
        self.result["growth_no_change_8_vs_1"] = round(curve[-1]["no_change_seconds"] / curve[0]["no_change_seconds"], 3)

    def mail(self):
        mails.run(self)

    def reference(self):
        reference.run(self)

    def odbc(self):
        odbc.run(self)


def table(rows):
    heads = ("what", "ours", "against", "theirs", "ratio", "aim", "peak")
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    for row in [heads, tuple("─" * width for width in widths), *rows]:
        print("  ".join(cell.ljust(width) if at in (0, 2) else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths))).rstrip())


PARTS = ("first_sync", "passes", "gateway", "growth", "reference", "mail", "odbc")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures the connector against what does the same work otherwise.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes")
    parser.add_argument("--json", action="store_true", help="print one JSON object last, on one line")
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many (3)")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part only; may be repeated")
    options = parser.parse_args()
    begun = time.monotonic()
    bench = Bench(options.quick, options.rounds)
    for part in options.only or PARTS:
        getattr(bench, part)()
    machine = {**bench.machine, "load_after": round(os.getloadavg()[0], 2)}
    peak = max(bench.peaks.values(), default=0)
    result = {"quick": options.quick, "rounds": options.rounds, "machine": machine, **bench.result, "peak_mib": peak,
              "peaks_mib": bench.peaks, "took_seconds": round(time.monotonic() - begun)}
    print(f"\n{machine['cores']} cores ({machine['cpu']}), {machine['memory_gib']} GiB, kernel {machine['kernel']}, MariaDB {machine['mariadb']}, "
          f"load {machine['load_before']} before and {machine['load_after']} after; medians of {options.rounds}; whole processes, start to exit\n")
    table(bench.rows)
    for point in bench.result.get("growth", []):
        print(f"growth: {point['tickets']:>7,} tickets: first sync {point['first_sync_seconds']:.2f} s ({point['milliseconds_per_ticket']:.3f} ms a ticket, "
              f"{point['first_sync_mib']:.0f} MiB); nothing changed {point['no_change_seconds']:.3f} s ({point['no_change_mib']:.0f} MiB)")
    print(f"peak memory {peak:.0f} MiB (aim: under {MEMORY}): " + ", ".join(f"{name.replace('_', ' ')} {mib:.0f}" for name, mib in bench.peaks.items()))
    folder = HERE.parent / "target" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ("quick.json" if options.quick else "full.json")).write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    if options.json:
        print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
