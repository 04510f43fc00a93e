"""torchvision's MobileNetV2 and ResNet50, and transformers' BERT, with the zoo's weights."""

import pathlib

import torch
import torchvision
import transformers


def mobilenet_v2(weights):
    model = torchvision.models.mobilenet_v2()
    model.classifier = torch.nn.Identity()
    load(model, weights)
    return model


def resnet50(weights):
    """The stride at the first 1 x 1 convolution and an epsilon of 1e-3, as Keras has them and these weights need."""
    model = torchvision.models.resnet50()
    model.fc = torch.nn.Identity()
    named = {}
    for name, module in model.named_modules():
        if isinstance(module, torchvision.models.resnet.Bottleneck):
            module.conv1.stride, module.conv2.stride = module.conv2.stride, (1, 1)
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = 1e-3
            named[name] = keras_names(name)
    for name, (convolution, norm) in named.items():
        kernel = name.replace("bn", "conv") if "downsample" not in name else name[:-1] + "0"
        bias = weights[f"{convolution}/bias"]
        state = {f"{kernel}.weight": weights[f"{convolution}/kernel"]}
        state |= {f"{name}.weight": weights[f"{norm}/gamma"], f"{name}.bias": weights[f"{norm}/beta"]}
        # torchvision's convolutions have no bias: the mean takes it.
        state |= {f"{name}.running_mean": weights[f"{norm}/moving_mean"] - bias}
        state |= {f"{name}.running_var": weights[f"{norm}/moving_variance"]}
        load(model, state)
    return model


def keras_names(norm):
    """layer1.0.bn2 is res2a_branch2b and bn2a_branch2b."""
    if norm == "bn1":
        return "conv1", "bn_conv1"
    stage, block, part, *_ = norm.split(".")
    branch = "1" if part == "downsample" else "2" + "abc"[int(part[2]) - 1]
    name = f"{int(stage[5]) + 1}{'abcdef'[int(block)]}_branch{branch}"
    return f"res{name}", f"bn{name}"


class SentenceEmbeddings(torch.nn.Module):
    """Ids and mask to embeddings of length 1; no dropout."""

    def __init__(self, weights, config):
        super().__init__()
        settings = transformers.BertConfig.from_json_file(pathlib.Path(config))
        settings.hidden_dropout_prob = settings.attention_probs_dropout_prob = 0.0
        self.bert = transformers.BertModel(settings, add_pooling_layer=False)
        load(self.bert, weights)

    def forward(self, ids, mask):
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        kept = mask.unsqueeze(2).to(hidden.dtype)
        return torch.nn.functional.normalize((hidden * kept).sum(1) / kept.sum(1), dim=1)


def load(model, weights):
    """Tensors by PyTorch's names, laid out as the zoo has them; those of other names are left out."""
    state = model.state_dict()
    with torch.no_grad():
        for name, values in weights.items():
            if name in state:
                state[name].copy_(torch.from_numpy(laid_out(name, values, state[name])))


def laid_out(name, values, wanted):
    if values.ndim == 4:
        # By channel [height, width, channels, 1], else [height, width, in, out].
        depthwise = wanted.shape[1] == 1 and values.shape[3] == 1
        values = values.transpose((2, 3, 0, 1) if depthwise else (3, 2, 0, 1))
    elif values.ndim == 2 and "embeddings" not in name:
        values = values.T
    if values.shape != tuple(wanted.shape):
        raise ValueError(f"{name}: {values.shape} is not {tuple(wanted.shape)}")
    return values.copy()
