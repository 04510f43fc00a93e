/**
 * Resemblyzer's voice encoder (`voice_encoder.py`, Resemblyzer 0.1.4): three LSTM layers over mel frames, a dense layer on
 * the last hidden state, ReLU, length 1. The module `linear` is the dense layer with its ReLU and normalisation, so that
 * a cut at `linear` is the embedding.
 */
import type { Shape } from '../formats/network.js';
import type { Weights } from '../formats/weight.js';
import { lastTime, lstm } from './lstm.js';
import type { Topology } from './topology.js';
import { dense, relu, unitLength } from './torch-layers.js';
import { type Flow, TorchTopology } from './torch-topology.js';

const LAYERS = 3;
const UNITS = 256;
/** As cards call it: the code of the authors has no name for it. */
const LAST_HIDDEN_STATE = `last hidden state of LSTM layer ${LAYERS}`;

/**
 * @param input [batch, frames, mel bands].
 * @returns a topology whose output is the embedding, [batch, 256].
 * @throws ZooError `INTEGRITY` for other weights, naming what does not fit.
 */
export function voiceEncoder(weights: Weights, input: Shape): Topology {
  const net = new TorchTopology(weights, 'the voice encoder of Resemblyzer');
  let flow: Flow = net.input('mels', input);
  for (let index = 0; index < LAYERS; index++) flow = lstm(net, 'lstm', index, flow, UNITS);
  flow = lastTime(net, LAST_HIDDEN_STATE, flow);
  flow = dense(net, 'linear.dense', flow, UNITS, 'linear');
  flow = unitLength(net, 'linear.unit_length', relu(net, 'linear.relu', flow));
  // Scale and shift of the similarity in the loss that it was trained with.
  net.ignore('similarity_weight');
  net.ignore('similarity_bias');
  return net.finish([flow]);
}
