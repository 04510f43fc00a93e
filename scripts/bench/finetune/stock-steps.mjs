/**
 * Plain tfjs-node's side of the steps of finetune.mjs: MobileNetV2 as layers, its own gradients and its own Adam.
 *
 *   node stock-steps.mjs STEPS DIST HOME MODEL SHARED RESULT
 *
 * DIST is only asked for TensorFlow. MODEL holds model.json. BatchNorm is in training mode, as tfjs's `fit` has it.
 */
import { join } from 'node:path';
import { readBatches, readWeights } from './prepared.mjs';
import { timeSteps } from './steps.mjs';

const [steps, dist, home, folder, shared, result] = process.argv.slice(2);
const { openTensorFlow } = await import(join(dist, 'runtime', 'tensorflow.js'));
const { tf } = openTensorFlow({ env: process.env, home });
const own = join(shared, 'mobilenet-v2');
const weights = readWeights(own);
const batches = readBatches(own, { text: false }).map(({ values, shape, targets, classes }) => ({
  inputs: tf.tensor(values, shape),
  targets: tf.tensor2d(targets, [shape[0], classes]),
}));

const made = performance.now();
const base = await tf.loadLayersModel(`file://${join(folder, 'model.json')}`);
const head = tf.layers.dense({ units: batches[0].targets.shape[1], activation: 'softmax', name: 'head' });
const model = tf.model({ inputs: base.inputs, outputs: head.apply(base.outputs[0]) });
head.setWeights(['kernel', 'bias'].map((of) => tensorOf(weights.get(`head/${of}`))));
model.compile({ optimizer: tf.train.adam(1e-4), loss: 'categoricalCrossentropy' });
await timeSteps(
  (index) => {
    const { inputs, targets } = batches[index % batches.length];
    return model.trainOnBatch(inputs, targets);
  },
  { steps: Number(steps), made, result, more: { versions: { 'tfjs-node': tf.version['tfjs-core'] } } },
);

function tensorOf({ data, shape }) {
  return tf.tensor(data, shape);
}
