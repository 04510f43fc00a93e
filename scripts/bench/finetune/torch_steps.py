"""PyTorch's side of the steps of finetune.mjs: on the CPU, pictures and weights channels last, Adam in one kernel.

    python torch_steps.py NETWORK MODE STEPS CONFIG SHARED RESULT

MODE is `stored` (BatchNorm in evaluation mode: it keeps its statistics and trains scale and offset), `training`, or
`folded` (by torch.fx). CONFIG is the config.json of MiniLM, SHARED the folder of prepare.mjs.
"""

import pathlib
import sys
import time

import torch
import torch.fx.experimental.optimization as optimization
import torchvision
import transformers
from prepared import read_batches, read_weights, time_steps
from torch_networks import SentenceEmbeddings, mobilenet_v2, resnet50

NETWORK, MODE, STEPS, CONFIG, SHARED, RESULT = sys.argv[1:7]
TEXT = NETWORK == "minilm-l6-v2"
folder = pathlib.Path(SHARED) / NETWORK
weights = read_weights(folder)
inputs, labels = read_batches(folder, TEXT)

began = time.perf_counter()
if TEXT:
    base = SentenceEmbeddings(weights, CONFIG)
else:
    base = resnet50(weights) if NETWORK == "resnet50" else mobilenet_v2(weights)
base.train(MODE == "training")
if MODE == "folded":
    base = optimization.fuse(base)
head = torch.nn.Linear(*weights["head/kernel"].shape)
with torch.no_grad():
    head.weight.copy_(torch.from_numpy(weights["head/kernel"].T.copy()))
    head.bias.zero_()
if not TEXT:
    base = base.to(memory_format=torch.channels_last)
parameters = [*base.parameters(), *head.parameters()]
optimizer = torch.optim.Adam(parameters, lr=1e-4, eps=1e-7, fused=True)


def rows_of(rows):
    if TEXT:
        ids = torch.from_numpy(rows).long()
        return [ids, torch.ones_like(ids)]
    # Already channels last in memory.
    return [torch.from_numpy(rows).permute(0, 3, 1, 2)]


batches = [(rows_of(rows), torch.from_numpy(classes).long()) for rows, classes in zip(inputs, labels)]


def step(index):
    rows, classes = batches[index % len(batches)]
    optimizer.zero_grad(set_to_none=True)
    loss = torch.nn.functional.cross_entropy(head(base(*rows)), classes)
    loss.backward()
    optimizer.step()
    return loss.item()


versions = {"PyTorch": torch.__version__, "torchvision": torchvision.__version__}
if TEXT:
    versions = {"PyTorch": torch.__version__, "transformers": transformers.__version__}
time_steps(step, int(STEPS), began, RESULT, versions=versions, tensors=len(parameters))
