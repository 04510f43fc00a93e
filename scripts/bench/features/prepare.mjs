/**
 * What the contestants of features.mjs share: 256 photographs, and the pulled MobileNetV2 as TensorFlow.js layers.
 *
 *   node prepare.mjs DIST HOME FOLDER
 *
 * FOLDER gets `photos/<picture>/<number>.jpg` (640 x 480 pixels, quality 90; parts of the ten pictures of
 * dataset/photos, each a class) and `model/` with model.json and weights.bin. What is there already stays.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import sharp from 'sharp';
import { mobilenetV2 } from './mobilenet.mjs';

const PHOTOS = 256;
const [WIDTH, HEIGHT] = [640, 480];

const [dist, home, folder] = process.argv.slice(2);
const { openZoo } = await import(join(dist, 'training', 'adapting-zoo.js'));
const zoo = await openZoo({ home });
mkdirSync(folder, { recursive: true });
await once(join(folder, 'photos'), makePhotos);
await once(join(folder, 'model'), makeModel);
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

async function makePhotos(target) {
  const { Random } = await import(join(dist, 'data', 'random.js'));
  const random = Random.seeded(0, 'photos of the features benchmark');
  const { path } = await zoo.pull('dataset/photos');
  const pictures = readdirSync(path).filter((name) => /\.(png|jpg)$/.test(name));
  for (let index = 0; index < PHOTOS; index++) {
    const picture = pictures[index % pictures.length];
    const source = sharp(join(path, picture));
    const { width, height } = await source.metadata();
    // Between half and all of what a picture of this shape finds room for.
    const scale = (0.5 + 0.5 * random.uniform()) * Math.min(width / WIDTH, height / HEIGHT);
    const size = { width: Math.floor(scale * WIDTH), height: Math.floor(scale * HEIGHT) };
    const left = Math.floor(random.uniform() * (width - size.width));
    const top = Math.floor(random.uniform() * (height - size.height));
    const classFolder = join(target, basename(picture, extname(picture)));
    mkdirSync(classFolder, { recursive: true });
    await source
      .extract({ left, top, ...size })
      .resize(WIDTH, HEIGHT)
      .toColourspace('srgb')
      .jpeg({ quality: 90 })
      .toFile(join(classFolder, `${String(index).padStart(3, '0')}.jpg`));
  }
}

async function makeModel(target) {
  const backbone = await zoo.backbone('mobilenet-v2');
  const { tf } = await import(join(dist, 'runtime', 'tensorflow.js'));
  const model = mobilenetV2(tf);
  // Both name their parameters in the order of the forward pass: a kernel, then the four of its BatchNorm.
  const values = [...backbone.network.parameters.values()].map(({ value }) => value);
  for (let layer = 0; 5 * layer < values.length; layer++) {
    const [kernel, ...norm] = values.slice(5 * layer, 5 * layer + 5);
    model.getLayer(`conv${layer}`).setWeights([kernel]);
    model.getLayer(`norm${layer}`).setWeights(norm);
  }
  await model.save(`file://${target}`);
  backbone.dispose();
}
