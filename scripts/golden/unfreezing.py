"""Two steps of the output layer alone and three of all layers, in PyTorch: tests/golden/unfreezing.json.

    python scripts/golden/unfreezing.py > tests/golden/unfreezing.json

Network, data and rate are those of optimizers.py. A parameter that was frozen has no gradient: PyTorch's optimisers leave
it out and begin to count its steps when it gets one, while the output layer's memory goes on. Epsilon is 1e-12, as PyTorch
and TensorFlow add it in different places.
"""
import json

import numpy as np
import torch

from optimizers_data import RATE, batch, numbers

torch.set_default_dtype(torch.float32)
FROZEN_STEPS, ALL_STEPS = 2, 3


def parameters():
    values = [numbers(7, 4, 8), numbers(3, 8), numbers(11, 8, 3), numbers(5, 3)]
    return [torch.nn.Parameter(torch.tensor(value)) for value in values]


def adamw(all_parameters):
    kernels = [each for each in all_parameters if each.dim() > 1]
    biases = [each for each in all_parameters if each.dim() == 1]
    groups = [{'params': kernels, 'weight_decay': 0.1}, {'params': biases, 'weight_decay': 0.0}]
    return torch.optim.AdamW(groups, RATE, eps=1e-12)


OPTIMIZERS = {
    'momentum': lambda own: torch.optim.SGD(own, RATE, momentum=0.9),
    'adam': lambda own: torch.optim.Adam(own, RATE, eps=1e-12),
    'adamw': adamw,
}


def trajectory(make):
    own = parameters()
    kernel, bias, head_kernel, head_bias = own
    optimizer = make(own)
    losses = []
    for step in range(FROZEN_STEPS + ALL_STEPS):
        for parameter in (kernel, bias):
            parameter.requires_grad_(step >= FROZEN_STEPS)
        optimizer.zero_grad(set_to_none=True)
        inputs, targets = (torch.tensor(each) for each in batch(step))
        outputs = torch.relu(inputs @ kernel + bias) @ head_kernel + head_bias
        loss = -(torch.log_softmax(outputs, 1) * targets).sum(1).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {'losses': losses, 'weights': [np.ravel(each.detach().numpy()).astype(float).tolist() for each in own]}


print(json.dumps({
    'torch': torch.__version__,
    'cases': {name: trajectory(make) for name, make in OPTIMIZERS.items()},
}))
