/**
 * BERT encoders (Devlin et al., arXiv 1810.04805; MiniLM, arXiv 2002.10957; DistilBERT, arXiv 1910.01108): weights
 * from any file by their authors' names, sizes from `config.json`. Layers are named for the authors' modules;
 * `pooling` and `normalize` are the two modules that sentence-transformers puts behind.
 */
import { ZooError } from '../core/errors.js';
import type { Weights } from '../formats/weight.js';
import { tf } from '../runtime/tensorflow.js';
import { bertBlock, distilbertBlock, MASK_BIAS, type Plan } from './bert-blocks.js';
import type { BertConfig } from './bert-config.js';
import * as op from './bert-operations.js';
import { BertParameters } from './bert-parameters.js';
import type { Layer, Topology } from './topology.js';

export const LAST_HIDDEN_STATE = 'last_hidden_state';
export const POOLING = 'pooling';
export const NORMALIZE = 'normalize';

/** Layers by the words that cards use for them in `features.layer`. */
export const BERT_CUTS: Readonly<Record<string, string>> = {
  'last hidden state': LAST_HIDDEN_STATE,
  'pooled embedding': POOLING,
  'pooled and normalised embedding': NORMALIZE,
};

const IDS = 'input_ids';
const MASK = 'attention_mask';

/**
 * @param weights tensors that belong to no layer (position ids, heads of other tasks) are left out.
 * @param outputs names of layers; the last hidden state by default.
 * @throws ZooError `INTEGRITY` for tensors that are missing or have other shapes than the configuration says.
 */
export function bertTopology(
  weights: Weights,
  config: BertConfig,
  outputs: readonly string[] = [LAST_HIDDEN_STATE],
): Topology {
  const plan: Plan = { config, parameters: new BertParameters(weights) };
  const layers: Layer[] = [embeddings(plan), maskLayer()];
  const block = config.family === 'bert' ? bertBlock(plan) : distilbertBlock(plan);
  let hidden = 'embeddings';
  for (let index = 0; index < config.layers; index++) {
    const added = block(index, hidden);
    layers.push(...added);
    hidden = added.at(-1)?.name ?? hidden;
  }
  layers.push({
    name: LAST_HIDDEN_STATE,
    kind: 'Identity',
    inputs: [hidden],
    parameters: [],
    shape: [null, null, config.hidden],
    apply: (inputs) => tf.clone(op.nth(inputs, 0)),
  });
  const pooler = poolerLayer(plan);
  if (pooler !== undefined) layers.push(pooler);
  layers.push(...embeddingLayers(config));
  return { inputs: inputSpecs(), outputs, layers: layers.map(tidied), parameters: plan.parameters.all };
}

/** What a layer computes on the way is freed when it is done, not at the end of the pass: that would be gigabytes. */
function tidied(layer: Layer): Layer {
  return { ...layer, apply: (inputs, values) => tf.tidy(() => layer.apply(inputs, values)) };
}

function inputSpecs(): Topology['inputs'] {
  return [IDS, MASK].map((name) => ({ name, shape: [null, null], dtype: 'int32' }));
}

function embeddings({ config, parameters }: Plan): Layer {
  const { hidden, positions, tokenTypes, epsilon } = config;
  const names = [
    parameters.table('embeddings.word_embeddings', config.vocabulary, hidden),
    parameters.table('embeddings.position_embeddings', positions, hidden),
    ...parameters.norm('embeddings.LayerNorm', hidden),
  ];
  if (tokenTypes > 0) names.push(parameters.table('embeddings.token_type_embeddings', tokenTypes, hidden));
  return {
    name: 'embeddings',
    kind: config.family === 'bert' ? 'BertEmbeddings' : 'Embeddings',
    inputs: [IDS],
    parameters: names,
    shape: [null, null, hidden],
    apply(inputs, values) {
      const ids = op.nth(inputs, 0);
      const tokens = ids.shape[1] ?? 0;
      if (tokens > positions) {
        throw new ZooError('DATA', 'A text has more tokens than the network has positions', {
          expected: `at most ${positions}`,
          found: tokens,
          hint: 'Let the tokenizer truncate to that length.',
        });
      }
      const sum = op.embed(ids, op.nth(values, 0), op.nth(values, 1), values[4]);
      return op.layerNorm(sum, values, 2, epsilon);
    },
  };
}

function maskLayer(): Layer {
  return {
    name: MASK_BIAS,
    kind: 'AttentionMask',
    inputs: [MASK],
    parameters: [],
    shape: [null, 1, 1, null],
    apply: (inputs) => op.maskBias(op.nth(inputs, 0)),
  };
}

/** Dense and tanh on the first token, where the file has it. */
function poolerLayer({ config, parameters }: Plan): Layer | undefined {
  if (!parameters.has('pooler.dense.weight')) return undefined;
  return {
    name: 'pooler',
    kind: 'BertPooler',
    inputs: [LAST_HIDDEN_STATE],
    parameters: parameters.dense('pooler.dense', config.hidden, config.hidden),
    shape: [null, config.hidden],
    apply: (inputs, values) => tf.tanh(op.dense(op.firstToken(op.nth(inputs, 0)), values)),
  };
}

/** Mean over the unmasked tokens, then length 1. */
function embeddingLayers({ hidden }: BertConfig): Layer[] {
  return [
    {
      name: POOLING,
      kind: 'MeanPooling',
      inputs: [LAST_HIDDEN_STATE, MASK],
      parameters: [],
      shape: [null, hidden],
      apply: (inputs) => op.meanPooling(op.nth(inputs, 0), op.nth(inputs, 1)),
    },
    {
      name: NORMALIZE,
      kind: 'L2Normalization',
      inputs: [POOLING],
      parameters: [],
      shape: [null, hidden],
      apply: (inputs) => op.l2Normalize(op.nth(inputs, 0)),
    },
  ];
}
