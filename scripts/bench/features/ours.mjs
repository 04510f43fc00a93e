/**
 * Our side of features.mjs.
 *
 *   node ours.mjs TASK DIST HOME PHOTOS RESULT
 *
 * TASK is `features` (all photographs through the backbone, nothing cached), `adam` or `lbfgs` (the same, and then a head
 * fitted to them: 20 epochs, or to convergence with its penalty chosen by cross-validation). RESULT is a JSON file.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BATCH = 32;
const EPOCHS = 20;

const [task, dist, home, photos, result] = process.argv.slice(2);
const part = (path) => import(join(dist, path));
const { openZoo } = await part('training/adapting-zoo.js');
const zoo = await openZoo({ home });
const backbone = await zoo.backbone('mobilenet-v2');
const dataset = await zoo.data(photos);
const { extractFeatures } = await part('training/features/extract-features.js');
const { fitHead } = await part('training/solve/fit-head.js');
const { classifier } = await part('transfer/heads/classifier.js');

// The first batch makes the graph; each contestant has one before its clock starts.
const preparing = performance.now();
const first = dataset.examples
  .slice(0, BATCH)
  .map(async (example) => backbone.preparer.prepare(await example.load()));
await backbone.featuresOf(await Promise.all(first), { of: dataset.examples.length });
const ready = performance.now();
const cpu = process.cpuUsage();
const table = await extractFeatures(backbone, dataset, { batchSize: BATCH });
const extracted = performance.now();
const found = { seconds: (extracted - ready) / 1000, firstBatch: (ready - preparing) / 1000 };
if (task !== 'features') {
  const options = task === 'adam' ? { solver: 'adam', epochs: EPOCHS } : { solver: 'lbfgs' };
  await fitHead(classifier({ labels: dataset.labels }), table, options);
  found.fit = (performance.now() - extracted) / 1000;
  found.seconds += found.fit;
}
const { user, system } = process.cpuUsage(cpu);
found.cpu = (user + system) / 1e6;
const sample = [...table.features.subarray(0, table.width)];
writeFileSync(result, JSON.stringify({ ...found, examples: table.names.length, sample }));
backbone.dispose();
await zoo.close();
