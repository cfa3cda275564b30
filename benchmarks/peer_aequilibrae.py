"""Assign trips with AequilibraE; runs in the peers' environment. Reads the network from standard input as JSON.

Prints one line of JSON: version, and for each gap asked for the time of the assignment alone (graph
and matrix are set up before), the gap reached, Beckmann's function of the flows, and the flows.
"""

import importlib.metadata
import json
import os
import sys
import tempfile
import time

import numpy as np
import pandas as pd

os.environ.setdefault("AEQ_SHOW_PROGRESS", "FALSE")
from aequilibrae.matrix import AequilibraeMatrix
from aequilibrae.paths import Graph, TrafficAssignment, TrafficClass

CORES = 1
ROUNDS = 10_000


def build(data):
    tails, heads, time0, capacity = data["links"]
    links = np.arange(1, len(tails) + 1)
    graph = Graph()
    graph.network = pd.DataFrame(
        {
            "link_id": links,
            "a_node": np.array(tails) + 1,
            "b_node": np.array(heads) + 1,
            "direction": np.ones(len(links), dtype=np.int8),
            "free_flow_time": np.array(time0, dtype=float),
            "capacity": np.array(capacity, dtype=float),
        }
    )
    nodes = np.arange(1, max(*tails, *heads) + 2)
    graph.prepare_graph(nodes)
    graph.set_graph("free_flow_time")
    graph.set_blocked_centroid_flows(False)
    matrix = AequilibraeMatrix()
    matrix.create_empty(
        file_name=os.path.join(tempfile.mkdtemp(), "trips.aem"), zones=len(nodes), matrix_names=["m"], memory_only=False
    )
    matrix.index[:] = nodes
    matrix.matrices[:, :, 0] = 0.0
    for o, d, volume in zip(*data["trips"], strict=True):
        matrix.matrices[o, d, 0] = volume
    matrix.computational_view(["m"])
    return graph, matrix


def run(data, asked, rounds):
    graph, matrix = build(data)
    assignment = TrafficAssignment()
    assignment.set_classes([TrafficClass("car", graph, matrix)])
    assignment.set_vdf("BPR")
    assignment.set_vdf_parameters({"alpha": 0.15, "beta": 4.0})
    assignment.set_capacity_field("capacity")
    assignment.set_time_field("free_flow_time")
    assignment.set_algorithm("bfw")
    assignment.set_cores(CORES)
    assignment.max_iter, assignment.rgap_target = rounds, asked
    begin = time.perf_counter()
    assignment.execute()
    seconds = time.perf_counter() - begin
    table = assignment.results()
    column = next(c for c in table.columns if c.lower().startswith("m_ab") or c == "matrix_ab")
    flow = table[column].to_numpy()
    time0, capacity = (np.array(data["links"][k], dtype=float) for k in (2, 3))
    beckmann = float(np.sum(time0 * flow * (1 + 0.03 * (flow / capacity) ** 4)))
    return {
        "asked": asked,
        "gap": float(assignment.assignment.rgap),
        "seconds": seconds,
        "beckmann": beckmann,
        "flow": flow.tolist(),
    }


if __name__ == "__main__":
    network = json.load(sys.stdin)
    runs = [run(network, asked, ROUNDS) for asked in network["asked"]]
    print(json.dumps({"version": importlib.metadata.version("aequilibrae"), "cores": CORES, "runs": runs}))
