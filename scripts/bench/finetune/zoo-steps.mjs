/**
 * Our side of the steps of finetune.mjs.
 *
 *   node zoo-steps.mjs NETWORK WAY STEPS DIST HOME SHARED RESULT
 *
 * WAY is `graph`, `eager` (operation by operation), `graph-kernels` (the tensors of BatchNorm are frozen too), or
 * `graph-batch` (BatchNorm in training mode). SHARED is the folder of prepare.mjs.
 */
import { join } from 'node:path';
import { readBatches, readWeights } from './prepared.mjs';
import { timeSteps } from './steps.mjs';

const RATE = 1e-4;
const ADAM = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

const [name, way, steps, dist, home, shared, result] = process.argv.slice(2);
const part = (path) => import(join(dist, path));
const { openZoo } = await part('training/adapting-zoo.js');
const zoo = await openZoo({ home });
const backbone = await zoo.backbone(name);
const [{ tf }, { classifier }, { exampleInputs }, { findTrainable }, { parametersFrom }] = await Promise.all([
  part('runtime/tensorflow.js'),
  part('transfer/heads/classifier.js'),
  part('graph/gradients/example-inputs.js'),
  part('graph/gradients/trainability.js'),
  part('graph/gradients/parameters-from.js'),
]);
const { network, preparer } = backbone;
const folder = join(shared, name);
const batches = readBatches(folder, { text: preparer.modality === 'text' }).map(asTensors);
const weights = readWeights(folder);
const start = new Map(['kernel', 'bias'].map((of) => [of, weights.get(`head/${of}`)]));
const labels = Array.from({ length: batches[0].targets.shape[1] }, (_, index) => `class ${index}`);

const made = performance.now();
const example = exampleInputs(network, backbone.card);
const found = await findTrainable(network, example);
tf.dispose(example);
const all = parametersFrom(network, found, found.from);
const options = {
  backbone,
  head: classifier({ labels }),
  start,
  trainable: way === 'graph-kernels' ? all.filter((of) => network.parameters.get(of).shape.length > 1) : all,
  given: found.given,
  optimizer: ADAM,
  normalisation: way === 'graph-batch' ? 'batch' : 'stored',
};
const trainer = way === 'eager' ? await eager() : await graph();
await timeSteps(
  (index) => {
    const { batch, targets } = batches[index % batches.length];
    return trainer.step({ batch }, targets, RATE, index);
  },
  { steps: Number(steps), made, result, more: { tensors: options.trainable.length + start.size } },
);
await trainer.finish();
backbone.dispose();
await zoo.close();

function asTensors({ values, shape, targets, classes }) {
  const wanted = tf.tensor2d(targets, [shape[0], classes]);
  if (preparer.modality !== 'text') return { batch: { inputs: tf.tensor(values, shape) }, targets: wanted };
  const mask = tf.ones(shape, 'int32');
  const inputs = { input_ids: tf.tensor(values, shape, 'int32'), attention_mask: mask };
  return { batch: { inputs, mask }, targets: wanted };
}

async function graph() {
  const { graphTrainer } = await part('training/loop/graph-trainer.js');
  const trainer = await graphTrainer(options, batches[0], (reason) => console.error(reason));
  if (trainer === undefined) throw new Error('this network does not become a graph');
  return trainer;
}

async function eager() {
  const { eagerTrainer } = await part('training/loop/eager-trainer.js');
  return eagerTrainer(options);
}
