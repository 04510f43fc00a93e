/** The encoder blocks of BERT and of DistilBERT: the same computation in modules that are cut and named differently. */
import { tf } from '../runtime/tensorflow.js';
import type { BertConfig } from './bert-config.js';
import * as op from './bert-operations.js';
import type { BertParameters } from './bert-parameters.js';
import type { Layer } from './topology.js';

/** The layer that turns the mask into what attention adds to its scores. */
export const MASK_BIAS = 'extended_attention_mask';

export interface Plan {
  readonly config: BertConfig;
  readonly parameters: BertParameters;
}

/** Layers of an encoder block; `hidden` is what it reads. */
export type Block = (index: number, hidden: string) => readonly Layer[];

export function bertBlock({ config, parameters }: Plan): Block {
  const { hidden: width, intermediate, heads, activation, epsilon } = config;
  const shape = [null, null, width];
  return (index, hidden) => {
    const at = `encoder.layer.${index}`;
    const self = `${at}.attention.self`;
    const mixed: Layer = {
      name: self,
      kind: 'BertSelfAttention',
      inputs: [hidden, MASK_BIAS],
      parameters: ['query', 'key', 'value'].flatMap((name) =>
        parameters.dense(`${self}.${name}`, width, width),
      ),
      shape,
      apply: (inputs, values) => op.selfAttention(op.nth(inputs, 0), op.nth(inputs, 1), values, heads),
    };
    const attended = residual(`${at}.attention.output`, 'BertSelfOutput', self, hidden, width);
    const inner = `${at}.intermediate`;
    const widened: Layer = {
      name: inner,
      kind: 'BertIntermediate',
      inputs: [attended.name],
      parameters: parameters.dense(`${inner}.dense`, width, intermediate),
      shape: [null, null, intermediate],
      apply: (inputs, values) => op.activate(op.dense(op.nth(inputs, 0), values), activation),
    };
    return [
      mixed,
      attended,
      widened,
      residual(`${at}.output`, 'BertOutput', inner, attended.name, intermediate),
    ];
  };

  /** Dense, the layer's input added, normalised. */
  function residual(name: string, kind: string, from: string, around: string, inputs: number): Layer {
    return {
      name,
      kind,
      inputs: [from, around],
      parameters: [
        ...parameters.dense(`${name}.dense`, inputs, width),
        ...parameters.norm(`${name}.LayerNorm`, width),
      ],
      shape,
      apply: (inputs, values) =>
        op.layerNorm(tf.add(op.dense(op.nth(inputs, 0), values), op.nth(inputs, 1)), values, 2, epsilon),
    };
  }
}

export function distilbertBlock({ config, parameters }: Plan): Block {
  const { hidden: width, intermediate, heads, activation, epsilon } = config;
  const shape = [null, null, width];
  return (index, hidden) => {
    const at = `transformer.layer.${index}`;
    const attention = `${at}.attention`;
    const mixed: Layer = {
      name: attention,
      kind: 'MultiHeadSelfAttention',
      inputs: [hidden, MASK_BIAS],
      parameters: ['q_lin', 'k_lin', 'v_lin', 'out_lin'].flatMap((name) =>
        parameters.dense(`${attention}.${name}`, width, width),
      ),
      shape,
      apply: (inputs, values) =>
        op.dense(op.selfAttention(op.nth(inputs, 0), op.nth(inputs, 1), values, heads), values, 6),
    };
    const attended = residual(`${at}.sa_layer_norm`, attention, hidden);
    const forward: Layer = {
      name: `${at}.ffn`,
      kind: 'FFN',
      inputs: [attended.name],
      parameters: [
        ...parameters.dense(`${at}.ffn.lin1`, width, intermediate),
        ...parameters.dense(`${at}.ffn.lin2`, intermediate, width),
      ],
      shape,
      apply: (inputs, values) =>
        op.dense(op.activate(op.dense(op.nth(inputs, 0), values), activation), values, 2),
    };
    return [mixed, attended, forward, residual(`${at}.output_layer_norm`, forward.name, attended.name)];
  };

  /** The layer's input added, normalised. */
  function residual(name: string, from: string, around: string): Layer {
    return {
      name,
      kind: 'LayerNorm',
      inputs: [from, around],
      parameters: parameters.norm(name, width),
      shape,
      apply: (inputs, values) =>
        op.layerNorm(tf.add(op.nth(inputs, 0), op.nth(inputs, 1)), values, 0, epsilon),
    };
  }
}
