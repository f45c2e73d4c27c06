"""onnxruntime and OpenVINO, loaded such that they tell nobody about this machine.

Both do when they are loaded in the usual way. onnxruntime, as from 1.29, keeps an identifier
of the machine in the user's cache, beside its processor and the path of the program, and sends
them to its maker; a variable of the environment prevents that if it is set before. OpenVINO
loads its tools for conversion, which keep an identifier too and report to a service for web
statistics; its runtime does without those tools. So both are loaded here and nowhere else.
"""

import os
import sys

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
for _unwanted in ("openvino.tools.ovc", "openvino_telemetry"):
    sys.modules[_unwanted] = None  # type: ignore[assignment] # how Python says: not to be had

import onnxruntime  # noqa: E402 - what stands above must come first
import openvino  # noqa: E402
from onnxruntime.capi import (  # noqa: E402
    onnxruntime_pybind11_state as onnxruntime_errors,  # ty: ignore[missing-module-member] # compiled
)

__all__ = ["onnxruntime", "onnxruntime_errors", "openvino"]
