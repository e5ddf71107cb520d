"""The cases of `scripts/bench http` with dlt: the same records into a local DuckDB file.

Arguments: the case, and the folder to write to. BENCH_URL is the API.
"""

import os
import sys

import dlt
from dlt.sources.helpers import requests
from dlt.sources.rest_api import rest_api_source

case, folder = sys.argv[1:]
base = os.environ["BENCH_URL"]
os.environ["DLT_DATA_DIR"] = folder
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["EXTRACT__WORKERS"] = "20"
client = {"base_url": base}


def map_user(item):
    profile = item["profile"]
    return {
        "id": str(item["id"]),
        "display_name": profile["firstName"] + " " + profile["lastName"],
        "email": profile["email"],
        "login": item["login"],
        "status": "active" if item["active"] else "disabled",
    }


users = {
    "name": "users",
    "endpoint": {
        "path": "users",
        "params": {"per_page": 1000},
        "paginator": {"type": "page_number", "base_page": 1, "page_param": "page", "total_path": None},
    },
    "processing_steps": [{"map": map_user}],
}
big = {
    "name": "users",
    "endpoint": {"path": "big", "data_selector": "users", "paginator": "single_page"},
    "processing_steps": [{"map": map_user}],
}
nested = [
    {
        "name": "groups",
        "endpoint": {"path": "groups", "data_selector": "groups", "paginator": "single_page"},
    },
    {
        "name": "members",
        "include_from_parent": ["id"],
        "endpoint": {
            "path": "groups/{resources.groups.id}/members",
            "data_selector": "members",
            "paginator": "single_page",
        },
        "parallelized": True,
    },
]
resources = {"users": [users], "big": [big], "nested": nested}[case]
pipeline = dlt.pipeline(
    pipeline_name=f"bench_{case}",
    pipelines_dir=folder,
    destination=dlt.destinations.duckdb(os.path.join(folder, "out.duckdb")),
)
os.makedirs(folder, exist_ok=True)
pipeline.run(
    rest_api_source({"client": client, "resources": resources}),
    write_disposition="replace",
)
