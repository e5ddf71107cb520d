"""The cases of `scripts/bench http` with airbyte-cdk's declarative sources: the same records as lines
on standard output.

Arguments: the case, and the folder to write to. BENCH_URL is the API.
"""

import json
import os
import sys

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

case, folder = sys.argv[1:]
base = os.environ["BENCH_URL"]
os.makedirs(folder, exist_ok=True)


def requester(path):
    return {"type": "HttpRequester", "url_base": base, "path": path, "http_method": "GET"}


def retriever(path, field_path, paginator=None, partition_router=None):
    found = {
        "type": "SimpleRetriever",
        "requester": requester(path),
        "record_selector": {
            "type": "RecordSelector",
            "extractor": {"type": "DpathExtractor", "field_path": field_path},
        },
    }
    if paginator:
        found["paginator"] = paginator
    if partition_router:
        found["partition_router"] = partition_router
    return found


def stream(name, key, retriever, transformations=()):
    return {
        "type": "DeclarativeStream",
        "name": name,
        "primary_key": key,
        "retriever": retriever,
        "transformations": list(transformations),
        "schema_loader": {
            "type": "InlineSchemaLoader",
            "schema": {"type": "object", "additionalProperties": True, "properties": {}},
        },
    }


def field(name, value):
    return {"path": [name], "value": value}


mapped = [
    {
        "type": "AddFields",
        "fields": [
            field("uid", "{{ record['id'] | string }}"),
            field("display_name", "{{ record['profile']['firstName'] + ' ' + record['profile']['lastName'] }}"),
            field("email", "{{ record['profile']['email'] }}"),
            field("name", "{{ record['login'] }}"),
            field("status", "{{ 'active' if record['active'] else 'disabled' }}"),
        ],
    }
]
pages = {
    "type": "DefaultPaginator",
    "page_token_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "page"},
    "page_size_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "per_page"},
    "pagination_strategy": {"type": "PageIncrement", "page_size": 1000, "start_from_page": 1, "inject_on_first_request": True},
}
groups = stream("groups", "id", retriever("/groups", ["groups"]))
members = stream(
    "members",
    "id",
    retriever(
        "/groups/{{ stream_partition.group }}/members",
        ["members"],
        partition_router={
            "type": "SubstreamPartitionRouter",
            "parent_stream_configs": [
                {"type": "ParentStreamConfig", "stream": groups, "parent_key": "id", "partition_field": "group"}
            ],
        },
    ),
)
streams = {
    "users": [stream("users", "uid", retriever("/users", [], pages), mapped)],
    "big": [stream("users", "uid", retriever("/big", ["users"]), mapped)],
    "nested": [groups, members],
}[case]
manifest = {
    "version": "6.0.0",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": [streams[0]["name"]]},
    "streams": streams,
    "spec": {
        "type": "Spec",
        "connection_specification": {"type": "object", "properties": {}, "additionalProperties": True},
    },
    "concurrency_level": {"type": "ConcurrencyLevel", "default_concurrency": 20, "max_concurrency": 20},
}
catalog = {
    "streams": [
        {
            "stream": {"name": found["name"], "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
            "sync_mode": "full_refresh",
            "destination_sync_mode": "overwrite",
        }
        for found in streams
    ]
}
for name, content in (("config.json", {}), ("catalog.json", catalog)):
    with open(os.path.join(folder, name), "w") as file:
        json.dump(content, file)
source = ConcurrentDeclarativeSource(
    catalog=ConfiguredAirbyteCatalogSerializer.load(catalog), config={}, state=[], source_config=manifest
)
arguments = ["read", "--config", f"{folder}/config.json", "--catalog", f"{folder}/catalog.json"]
launch(source, arguments)
