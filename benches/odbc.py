"""The gateway on a base behind an ODBC driver, against the same gateway on the same base over MySQL's own protocol."""

import subprocess

import data
import measure
import ours

# Built for tests: what stands in for HFSQL is in it.
BINARY = ours.BINARY.parent.parent / "odbc" / "release" / "gestan-connector"


def run(bench):
    count = 5_000 // bench.scale
    bench.say(f"the gateway over ODBC: {count} interventions in batches of 100")
    settings = subprocess.run([BINARY, "odbc-worker", "--stand-in", bench.server.folder], check=True, capture_output=True, text=True).stdout
    bodies = ours.batches(count)
    runs = {}

    def post(way, connections):
        site, gateway = runs[way]

        def work():
            data.empty(bench.server, site.gestan)
            return measure.Run(gateway.post(bodies, connections), 0, 0)
        return work

    for way, more in [("mysql", ""), ("odbc", settings)]:
        site = ours.Site(bench.server, f"odbc_{way}", base=more, binary=BINARY)
        data.people(bench.server, site.gestsup, site.gestan)
        runs[way] = (site, ours.GatewayRun(site))
        post(way, 1)()
    series = measure.Series(bench.rounds, {
        "mysql": post("mysql", 1), "odbc": post("odbc", 1), "mysql4": post("mysql", 4), "odbc4": post("odbc", 4),
    })
    for _, gateway in runs.values():
        gateway.stop()
    for suffix, label in [("", "one request at a time"), ("4", "four requests at a time")]:
        mine, theirs = series.seconds(f"odbc{suffix}"), series.seconds(f"mysql{suffix}")
        key = "odbc_vs_mysql" if not suffix else "odbc_vs_mysql_four_at_a_time"
        bench.row(f"gateway over ODBC, {label} ({count / mine:,.0f}/s)", mine, f"over MySQL's protocol ({count / theirs:,.0f}/s)", theirs, series.ratio(f"odbc{suffix}", f"mysql{suffix}"), None, key)
