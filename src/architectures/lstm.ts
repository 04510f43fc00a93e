/** An LSTM layer with PyTorch's weights: gates in the order input, forget, cell, output, and two biases. */

import { type Tensor, type Tensor2D, type Tensor3D, tf } from '../runtime/tensorflow.js';
import { matrix, sequence, tensor } from './tensor-ranks.js';
import type { Flow, TorchTopology } from './torch-topology.js';
import { outputsLast } from './torch-topology.js';

/**
 * Maps [batch, time, inputs] to the hidden states of all times, [batch, time, units], from states of zero on.
 * @param module name of PyTorch's `LSTM`, whose weights are `<module>.weight_ih_l<index>` and so on.
 * @param index of the layer in it.
 */
export function lstm(net: TorchTopology, module: string, index: number, input: Flow, units: number): Flow {
  const [batch = null, time = null, inputs] = input.shape;
  if (typeof inputs !== 'number') throw new RangeError('the last dimension of a layer must be known');
  const kernel = (which: string, size: number) =>
    net.parameter(`${module}.weight_${which}_l${index}`, [4 * units, size], (torch) => ({
      shape: [size, 4 * units],
      data: outputsLast(torch),
    }));
  const parameters = [
    kernel('ih', inputs),
    kernel('hh', units),
    net.parameter(`${module}.bias_ih_l${index}`, [4 * units]),
    net.parameter(`${module}.bias_hh_l${index}`, [4 * units]),
  ];
  return net.layer(
    {
      name: `${module}.${index}`,
      kind: 'LSTM',
      parameters,
      apply: ([x], [fromInput, fromState, inputBias, stateBias]) =>
        hiddenStates(
          sequence(x),
          matrix(fromInput),
          matrix(fromState),
          tf.add(tensor(inputBias), tensor(stateBias)),
        ),
    },
    [input],
    [batch, time, units],
  );
}

/** The hidden state of the last time: [batch, units]. */
export function lastTime(net: TorchTopology, name: string, input: Flow): Flow {
  const [batch = null, , units = null] = input.shape;
  return net.layer(
    {
      name,
      kind: 'LastTime',
      parameters: [],
      apply: ([x]) => {
        const [rows, times, width] = sequence(x).shape;
        return tf.slice3d(sequence(x), [0, times - 1, 0], [rows, 1, width]).reshape([rows, width]);
      },
    },
    [input],
    [batch, units],
  );
}

function hiddenStates(x: Tensor3D, fromInput: Tensor2D, fromState: Tensor2D, bias: Tensor): Tensor {
  const [batch, time, inputs] = x.shape;
  const units = fromState.shape[0];
  // What the inputs add to the gates is one product for all times.
  const flat = matrix(tf.transpose(x, [1, 0, 2]).reshape([time * batch, inputs]));
  const gates = tf.add(tf.matMul(flat, fromInput), bias).reshape([time, batch, 4 * units]);
  let cell: Tensor = tf.zeros([batch, units]);
  let hidden: Tensor = cell;
  const states: Tensor[] = [];
  for (const step of tf.unstack(gates, 0)) {
    [cell, hidden] = nextState(step, cell, matrix(hidden), fromState);
    states.push(hidden);
  }
  return tf.stack(states, 1);
}

/** c' = σ(f) c + σ(i) tanh(g), h' = σ(o) tanh(c'); what lies between is freed at once. */
function nextState(step: Tensor, cell: Tensor, hidden: Tensor2D, fromState: Tensor2D): [Tensor, Tensor] {
  return tf.tidy(() => {
    const gates = tf.add(step, tf.matMul(hidden, fromState));
    const [input, forget, candidate, output] = tf.split(gates, 4, 1).map(tensor);
    const kept = tf.mul(tf.sigmoid(tensor(forget)), cell);
    const added = tf.mul(tf.sigmoid(tensor(input)), tf.tanh(tensor(candidate)));
    const next = tf.add(kept, added);
    return [next, tf.mul(tf.sigmoid(tensor(output)), tf.tanh(next))];
  });
}
