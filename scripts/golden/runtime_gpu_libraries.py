"""Where the GPU builds of TensorFlow look for CUDA: tests/golden/runtime-gpu-libraries.json.

    python3 scripts/golden/runtime_gpu_libraries.py 2.18.1=FOLDER 2.21.0=FOLDER

FOLDER holds `tensorflow/libtensorflow_cc.so.2` and `libtensorflow_framework.so.2` of the wheel of `tensorflow` (not
`tensorflow-cpu`) for Linux x64. Reads them with binutils' readelf.
"""
import json
import re
import subprocess
import sys


def dynamic(path):
    out = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", out)
    paths = re.findall(r"\(R(?:UN)?PATH\).*\[(.+)\]", out)
    # TensorFlow lists the same folders hundreds of times.
    return {"needed": needed, "runpath": list(dict.fromkeys(paths[0].split(":")))}


version = subprocess.run(["readelf", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
table = {"program": version, "source": "wheels of tensorflow for cp311, Linux x86_64", "libraries": {}}
for argument in sys.argv[1:]:
    name, folder = argument.split("=")
    table["libraries"][name] = {
        library: dynamic(f"{folder}/tensorflow/{library}")
        for library in ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]
    }
with open("tests/golden/runtime-gpu-libraries.json", "w") as file:
    json.dump(table, file, indent=1)
    file.write("\n")
