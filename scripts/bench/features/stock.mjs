/**
 * Plain tfjs-node's side of features.mjs, as its documentation has it, on the same native TensorFlow.
 *
 *   node stock.mjs DIST HOME MODEL PHOTOS RESULT
 *
 * DIST is only asked for TensorFlow. MODEL holds model.json.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BATCH = 32;
const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];

const [dist, home, folder, photos, result] = process.argv.slice(2);
const { openTensorFlow } = await import(join(dist, 'runtime', 'tensorflow.js'));
const { tf } = openTensorFlow({ env: process.env, home });
const model = await tf.loadLayersModel(`file://${join(folder, 'model.json')}`);
const files = readdirSync(photos)
  .sort()
  .flatMap((name) =>
    readdirSync(join(photos, name))
      .sort()
      .map((file) => join(photos, name, file)),
  );

function read(file) {
  const picture = tf.node.decodeJpeg(readFileSync(file), 3);
  const [height, width] = picture.shape;
  const scale = 256 / Math.min(height, width);
  const size = [Math.round(scale * height), Math.round(scale * width)];
  const corner = size.map((length) => Math.floor((length - 224) / 2));
  return tf.image
    .resizeBilinear(picture, size)
    .slice([...corner, 0], [224, 224, 3])
    .div(255)
    .sub(MEAN)
    .div(STD);
}

async function features(some) {
  const output = tf.tidy(() => model.predict(tf.stack(some.map(read))));
  const values = await output.data();
  output.dispose();
  return values;
}

const preparing = performance.now();
await features(files.slice(0, BATCH));
const ready = performance.now();
const cpu = process.cpuUsage();
const blocks = [];
for (let from = 0; from < files.length; from += BATCH)
  blocks.push(await features(files.slice(from, from + BATCH)));
const seconds = (performance.now() - ready) / 1000;
const { user, system } = process.cpuUsage(cpu);
const sample = [...blocks[0].subarray(0, 1280)];
const found = {
  seconds,
  cpu: (user + system) / 1e6,
  firstBatch: (ready - preparing) / 1000,
  examples: files.length,
  sample,
};
writeFileSync(result, JSON.stringify(found));
