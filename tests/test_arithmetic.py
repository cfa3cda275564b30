"""The second run of the suite really uses another arithmetic."""

import os
import platform

import numpy as np
import pytest
import threadpoolctl

OTHER = os.environ.get("V2G_OTHER_ARITHMETIC") == "1"


@pytest.mark.skipif(not OTHER, reason="only in the run under another arithmetic")
def test_wide_instructions_are_off():
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("only x86 processors have them")
    simd = np.show_config("dicts")["SIMD Extensions"]  # numpy leaves out a kind that is empty
    assert not {"X86_V3", "X86_V4"} & set(simd.get("found", [])), simd
    assert {"X86_V3", "X86_V4"} <= set(simd["not found"]), simd
    kernels = {p["architecture"] for p in threadpoolctl.threadpool_info() if p["internal_api"] == "openblas"}
    assert kernels == {"Nehalem"}


@pytest.mark.skipif(OTHER, reason="only in the ordinary run")
def test_one_thread_a_process():
    assert all(p["num_threads"] == 1 for p in threadpoolctl.threadpool_info())
