/**
 * What the contestants of finetune.mjs share: the weights of each network, batches of inputs, and the digits.
 *
 *   node prepare.mjs DIST HOME PHOTOS FOLDER
 *
 * PHOTOS are those of features/prepare.mjs: networks that see learn from them, the one that reads from random words.
 * FOLDER gets for each network `<network>/weights.json` (name and shape of each tensor, as the zoo names and lays them
 * out, and `head/kernel` and `head/bias` of an output layer of ten classes) with `weights.bin`, and `inputs.json`
 * (shapes), `inputs.bin` and `labels.bin`; and `digits/train/<digit>/` with 100 pictures of each digit and
 * `digits/test/<digit>/` with all others. What is there already stays.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const BATCH = 16;
const BATCHES = 4;
const CLASSES = 10;
/** From one photograph to the next, so that a batch holds all classes; it shares no factor with 256. */
const STRIDE = 27;
const TOKENS = 128;
/** Behind the special ones of BERT's vocabulary. */
const FIRST_WORD = 1000;
const VOCABULARY = 30_522;
const DIGITS_PER_CLASS = 100;

const [dist, home, photos, folder] = process.argv.slice(2);
const part = (path) => import(join(dist, path));
const { openZoo } = await part('training/adapting-zoo.js');
const { Random } = await part('data/random.js');
const zoo = await openZoo({ home });
mkdirSync(folder, { recursive: true });
for (const name of ['mobilenet-v2', 'resnet50', 'minilm-l6-v2']) {
  await once(join(folder, name), (target) => writeNetwork(target, name));
}
await once(join(folder, 'digits'), writeDigits);
await zoo.close();

/** Makes a folder whole or not at all. */
async function once(target, make) {
  if (existsSync(target)) return;
  const fresh = mkdtempSync(`${target}-`);
  try {
    await make(fresh);
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function writeNetwork(target, name) {
  const random = Random.seeded(0, `inputs of ${name}`);
  const backbone = await zoo.backbone(name);
  const { width, preparer, network } = backbone;
  const tensors = [...network.parameters].map(([of, { value }]) => ({
    name: of,
    shape: [...value.shape],
    data: value.dataSync(),
  }));
  const kernel = Float32Array.from({ length: width * CLASSES }, () => random.normal() / Math.sqrt(width));
  tensors.push({ name: 'head/kernel', shape: [width, CLASSES], data: kernel });
  tensors.push({ name: 'head/bias', shape: [CLASSES], data: new Float32Array(CLASSES) });
  writeFileSync(
    join(target, 'weights.json'),
    JSON.stringify(tensors.map(({ name: of, shape }) => ({ name: of, shape }))),
  );
  writeFileSync(join(target, 'weights.bin'), joined(tensors.map(({ data }) => data)));
  const { inputs, labels, shape } = preparer.modality === 'text' ? words(random) : await pictures(preparer);
  writeFileSync(join(target, 'inputs.bin'), joined([inputs]));
  writeFileSync(join(target, 'labels.bin'), joined([labels]));
  writeFileSync(join(target, 'inputs.json'), JSON.stringify({ shape, classes: CLASSES, width }));
  backbone.dispose();
}

function words(random) {
  const shape = [BATCHES, BATCH, TOKENS];
  const word = () => FIRST_WORD + Math.floor(random.uniform() * (VOCABULARY - FIRST_WORD));
  const inputs = Int32Array.from({ length: BATCHES * BATCH * TOKENS }, word);
  const label = () => Math.floor(random.uniform() * CLASSES);
  return { inputs, labels: Int32Array.from({ length: BATCHES * BATCH }, label), shape };
}

async function pictures(preparer) {
  const { examples, labels } = await zoo.data(photos);
  const chosen = Array.from(
    { length: BATCHES * BATCH },
    (_, index) => examples[(index * STRIDE) % examples.length],
  );
  const values = [];
  for (const example of chosen) values.push((await preparer.prepare(await example.load())).values);
  const inputs = new Float32Array(values.length * values[0].length);
  for (const [index, picture] of values.entries()) inputs.set(picture, index * picture.length);
  const classes = Int32Array.from(chosen, (example) => labels.indexOf(example.labels[0]));
  return { inputs, labels: classes, shape: [BATCHES, BATCH, 224, 224, 3] };
}

function joined(arrays) {
  return Buffer.concat(
    arrays.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  );
}

async function writeDigits(target) {
  const { sampleDataset } = await part('data/sample-dataset.js');
  const { sample, rest } = sampleDataset(await zoo.data('dataset/digits'), DIGITS_PER_CLASS, 0);
  for (const [name, { examples }] of Object.entries({ train: sample, test: rest })) {
    for (const [index, example] of examples.entries()) {
      const classFolder = join(target, name, example.labels[0]);
      mkdirSync(classFolder, { recursive: true });
      const { width, height, data } = await example.load();
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toFile(join(classFolder, `${String(index).padStart(4, '0')}.png`));
    }
  }
}
