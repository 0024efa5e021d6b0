"""The same tickets and steps with dlt, MySQL to MySQL, merged on their key."""

import os
import sys

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
port, gestsup, target, folder, rows = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])

import dlt  # noqa: E402
from dlt.sources.sql_database import sql_database  # noqa: E402

address = f"mysql+pymysql://root@127.0.0.1:{port}/"


def nullable(table):
    for column in table.columns:
        column.nullable = not column.primary_key


def without_zero_dates(row):
    """GestSup's zero dates are no dates: as texts they would make a second column of each."""
    return {name: None if isinstance(value, str) and value.startswith("0000-00-00") else value for name, value in row.items()}


tables = sql_database(f"{address}{gestsup}", table_names=["tincidents", "tthreads"], table_adapter_callback=nullable)
for resource in tables.resources.values():
    resource.apply_hints(write_disposition="merge", primary_key="id")
    resource.add_map(without_zero_dates)
pipeline = dlt.pipeline("bench", pipelines_dir=folder, destination=dlt.destinations.sqlalchemy(f"{address}{target}"), dataset_name=target)
pipeline.run(tables)
with pipeline.sql_client() as client:
    loaded = client.execute_sql("SELECT COUNT(*) FROM tincidents")[0][0]
if loaded != rows:
    raise SystemExit(f"dlt loaded {loaded} of {rows} tickets")
