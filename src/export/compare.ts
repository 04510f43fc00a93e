/** What was exported is opened again and asked: it has to give what the model gives. */
import { ZooError } from '../core/errors.js';
import type { NetworkInputs } from '../formats/network.js';
import type { Graph } from '../graph/graph.js';
import { NativeGraph } from '../graph/native-graph.js';
import { inOrder } from '../graph/open-sizes.js';
import type { Card } from '../registry/card.js';
import { type Tensor, tf } from '../runtime/tensorflow.js';
import { openNetwork } from '../transfer/open-network.js';
import { poolPositions } from '../transfer/pooling.js';
import { cutsOf, type Exportable } from './exportable.js';

/** Largest difference of one output that rounding can make, as a part of its largest number. */
const MOST_DIFFERENCE = 1e-3;

/** Opens a folder in a format of TensorFlow.js. @returns the largest difference. @throws ZooError `FAILED` as `difference`. */
export async function compareFolder(
  exportable: Exportable,
  folder: string,
  card: Card,
  exact: boolean,
): Promise<number> {
  const network = await openNetwork(folder, card);
  try {
    const found = await network.run(inputsFor(exportable.example.inputs));
    return await difference(exportable, found, exact);
  } finally {
    network.dispose();
  }
}

/** Runs a graph natively, as it was written. @returns the largest difference. @throws ZooError `FAILED` as `difference`. */
export async function compareGraph(exportable: Exportable, graph: Graph): Promise<number> {
  const native = NativeGraph.open(graph);
  try {
    return await difference(
      exportable,
      native.run(inOrder(exportable.example.inputs, exportable.network.inputs)),
      true,
    );
  } finally {
    native.dispose();
  }
}

/** A single input goes by itself: it may have another name in the export. */
function inputsFor(inputs: NetworkInputs): NetworkInputs {
  if (inputs instanceof tf.Tensor) return inputs;
  const [only, ...others] = Object.values(inputs);
  return only !== undefined && others.length === 0 ? only : inputs;
}

/**
 * @param found disposed.
 * @param exact false for quantised weights, which may differ as they like.
 * @returns the largest difference of a number.
 * @throws ZooError `FAILED` where it is more than rounding.
 */
async function difference(exportable: Exportable, found: Tensor[], exact: boolean): Promise<number> {
  const expected = await expectedOutputs(exportable);
  try {
    let worst = 0;
    for (const [index, wanted] of expected.entries()) {
      const got = found[index];
      if (wanted.dtype === 'string') continue;
      const [by, largest] =
        got === undefined || got.size !== wanted.size ? [Number.NaN, 0] : distance(wanted, got);
      worst = Math.max(worst, Number.isNaN(by) ? Number.POSITIVE_INFINITY : by);
      if (!exact || worst <= MOST_DIFFERENCE * Math.max(1, largest)) continue;
      throw new ZooError(
        'FAILED',
        `The export of ${exportable.about.name} gives something else than the model`,
        {
          expected: `a difference of at most ${MOST_DIFFERENCE}`,
          found: worst,
          hint: 'Export it in another format, and report this as a bug.',
        },
      );
    }
    return worst;
  } finally {
    tf.dispose([...expected, ...found]);
  }
}

function distance(wanted: Tensor, got: Tensor): [number, number] {
  return tf.tidy(() => {
    const [a, b] = [wanted.toFloat().flatten(), got.toFloat().flatten()];
    const [by = 0] = a.sub(b).abs().max().dataSync();
    const [largest = 0] = a.abs().max().dataSync();
    return [by, largest];
  });
}

async function expectedOutputs(exportable: Exportable): Promise<Tensor[]> {
  const { network, tail, example } = exportable;
  const outputs = await network.run(example.inputs, cutsOf(exportable));
  const [cut] = outputs;
  if (tail === undefined || cut === undefined) return outputs;
  const features = poolPositions(cut, tail.pooling, example.mask);
  const rows = features.shape[0];
  const scores = tail.fitted.scores(Float32Array.from(await features.data()), rows);
  tf.dispose([features, cut]);
  return [tf.tensor(scores, [rows, tail.fitted.head.outputs])];
}
