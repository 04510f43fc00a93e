"""Tiny BERT and DistilBERT encoders with weights from a formula, computed by transformers and torch.

Writes tests/golden/bert-tiny.json: names and shapes of the weights, outputs of each stage, gradients of a loss.
Weight i of tensor j (names sorted) is 0.4 sin(0.7 i + 1.3 j), plus 1 for the scales of layer norms.
"""

import json
import math
from pathlib import Path

import torch
import transformers
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

TARGET = Path(__file__).parents[2] / "tests" / "golden" / "bert-tiny.json"
IDS = [[3, 17, 5, 29, 8, 1], [11, 4, 23, 0, 0, 0]]
MASK = [[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]]


def formula(name, shape, j):
    count = math.prod(shape)
    base = 1.0 if name.endswith(("LayerNorm.weight", "layer_norm.weight")) else 0.0
    return torch.tensor([base + 0.4 * math.sin(0.7 * i + 1.3 * j) for i in range(count)]).reshape(shape)


def fill(model):
    state = {name: tensor for name, tensor in model.state_dict().items() if tensor.is_floating_point()}
    names = sorted(state)
    with torch.no_grad():
        for j, name in enumerate(names):
            state[name].copy_(formula(name, state[name].shape, j))
    return {name: list(state[name].shape) for name in names}


def flat(tensor):
    return [float(f"{value:.8g}") for value in tensor.detach().reshape(-1).tolist()]


def case(name, model, prefix, old_norms=False):
    model.eval()
    shapes = fill(model)
    config = json.loads(model.config.to_json_string())
    out = model(torch.tensor(IDS), attention_mask=torch.tensor(MASK), output_hidden_states=True)
    hidden = out.last_hidden_state
    mask = torch.tensor(MASK).unsqueeze(-1).float()
    pooled = (hidden * mask).sum(1) / mask.sum(1)
    embedding = torch.nn.functional.normalize(pooled, dim=1)
    weights = torch.tensor([[math.cos(0.9 * i + k) for i in range(embedding.shape[1])] for k in range(2)])
    loss = (embedding * weights).sum()
    wanted = [
        key
        for key in shapes
        if ("0" in key and ("query" in key or "q_lin" in key or "LayerNorm" in key or "layer_norm" in key))
        or key.startswith("embeddings.")
        or "lin1" in key
        or "intermediate" in key
    ]
    parameters = dict(model.named_parameters())
    gradients = torch.autograd.grad(loss, [parameters[key] for key in wanted])

    def written(key):
        if old_norms:
            key = key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        return prefix + key

    return {
        "name": name,
        "config": config,
        "weights": [{"name": written(key), "shape": shape, "norm": key.endswith(("LayerNorm.weight", "layer_norm.weight"))} for key, shape in shapes.items()],
        "embeddings": flat(out.hidden_states[0]),
        "first_block": flat(out.hidden_states[1]),
        "last_hidden_state": flat(hidden),
        "pooler": flat(out.pooler_output) if getattr(out, "pooler_output", None) is not None else None,
        "embedding": flat(embedding),
        "loss": float(loss.detach()),
        "gradients": [{"name": written(key), "l2": float(grad.norm()), "first8": flat(grad)[:8]} for key, grad in zip(wanted, gradients)],
    }


def bert(**changes):
    return BertConfig(vocab_size=31, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20, max_position_embeddings=10, **changes)


cases = [
    case("BERT as a task model keeps it", BertModel(bert()), "bert."),
    case("BERT as TensorFlow named it", BertModel(bert(layer_norm_eps=1e-3)), "", old_norms=True),
    case("BERT with the tanh GELU and no pooler", BertModel(bert(hidden_act="gelu_new"), add_pooling_layer=False), ""),
    case("DistilBERT", DistilBertModel(DistilBertConfig(vocab_size=31, dim=12, n_layers=2, n_heads=3, hidden_dim=20, max_position_embeddings=10)), "distilbert."),
]

document = {
    "computed_with": {"transformers": transformers.__version__, "torch": torch.__version__},
    "how": "eval mode; weight i of tensor j (in this order) is 0.4 sin(0.7 i + 1.3 j), plus 1 where norm is true",
    "loss": "sum over k and i of embedding[k][i] cos(0.9 i + k); embedding: mean over unmasked tokens, length 1",
    "input_ids": IDS,
    "attention_mask": MASK,
    "cases": cases,
}
TARGET.write_text(json.dumps(document) + "\n")
