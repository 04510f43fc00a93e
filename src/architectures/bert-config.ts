/** `config.json` beside the weights of a BERT or DistilBERT: the sizes that the weights alone do not tell. */
import * as z from 'zod';
import { ZooError } from '../core/errors.js';

export type BertActivation = 'gelu' | 'gelu_new' | 'relu';

export interface BertConfig {
  readonly family: 'bert' | 'distilbert';
  readonly vocabulary: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly activation: BertActivation;
  /** Most tokens of an input. */
  readonly positions: number;
  /** 0 where the architecture has none. */
  readonly tokenTypes: number;
  readonly epsilon: number;
}

const count = z.int().positive().max(10_000_000);
const activation = z.enum(['gelu', 'gelu_new', 'relu']);
const absolute = z.literal('absolute').default('absolute');

const bert = z.object({
  model_type: z.literal('bert'),
  vocab_size: count,
  hidden_size: count,
  num_hidden_layers: count.max(1000),
  num_attention_heads: count,
  intermediate_size: count,
  hidden_act: activation,
  max_position_embeddings: count,
  type_vocab_size: count.default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  position_embedding_type: absolute,
});

const distilbert = z.object({
  model_type: z.literal('distilbert'),
  vocab_size: count,
  dim: count,
  n_layers: count.max(1000),
  n_heads: count,
  hidden_dim: count,
  activation,
  max_position_embeddings: count,
});

const either = z.discriminatedUnion('model_type', [bert, distilbert]);

/**
 * Checks a parsed `config.json`.
 * @throws ZooError `INTEGRITY` where it is of another architecture, or asks for what is not built (relative
 * positions, other activations).
 */
export function bertConfig(json: unknown): BertConfig {
  const read = either.safeParse(json);
  if (!read.success) {
    throw new ZooError('INTEGRITY', 'config.json does not describe a BERT encoder that can be built', {
      expected: 'model_type bert or distilbert with its sizes, absolute positions, gelu, gelu_new or relu',
      found: read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
    });
  }
  const config = read.data.model_type === 'bert' ? fromBert(read.data) : fromDistilbert(read.data);
  if (config.hidden % config.heads !== 0) {
    throw new ZooError('INTEGRITY', 'config.json divides the hidden units by heads with a remainder', {
      expected: `a divisor of ${config.hidden}`,
      found: config.heads,
    });
  }
  return config;
}

function fromBert(json: z.infer<typeof bert>): BertConfig {
  return {
    family: 'bert',
    vocabulary: json.vocab_size,
    hidden: json.hidden_size,
    layers: json.num_hidden_layers,
    heads: json.num_attention_heads,
    intermediate: json.intermediate_size,
    activation: json.hidden_act,
    positions: json.max_position_embeddings,
    tokenTypes: json.type_vocab_size,
    epsilon: json.layer_norm_eps,
  };
}

function fromDistilbert(json: z.infer<typeof distilbert>): BertConfig {
  return {
    family: 'distilbert',
    vocabulary: json.vocab_size,
    hidden: json.dim,
    layers: json.n_layers,
    heads: json.n_heads,
    intermediate: json.hidden_dim,
    activation: json.activation,
    positions: json.max_position_embeddings,
    tokenTypes: 0,
    // Written into the authors' code, not into the configuration.
    epsilon: 1e-12,
  };
}
