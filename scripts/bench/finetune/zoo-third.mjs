/**
 * Our side of the last third of finetune.mjs: MobileNetV2's last 16 of 52 convolutions are trained on 256 photographs,
 * as a user of the library does it.
 *
 *   node zoo-third.mjs EPOCHS DIST HOME PHOTOS RESULT
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../support/statistics.mjs';

const FROM = 'features.13.conv.0.0';

const [epochs, dist, home, photos, result] = process.argv.slice(2);
const part = (path) => import(join(dist, path));
const { openZoo } = await part('training/adapting-zoo.js');
const { classifier } = await part('transfer/heads/classifier.js');
const zoo = await openZoo({ home });
const backbone = await zoo.backbone('mobilenet-v2');
const data = await zoo.data(photos);
const model = backbone.withHead(classifier({ labels: data.labels }));

const begun = performance.now();
const cpu = process.cpuUsage();
/** When each epoch ended. */
const ends = [];
const onProgress = ({ epoch }) => {
  ends[epoch - 1] = performance.now();
};
const { fineTuned } = await model.fit(data, {
  train: FROM,
  fineTune: { epochs: Number(epochs), onProgress },
});
const { user, system } = process.cpuUsage(cpu);
const lengths = ends.slice(1).map((end, index) => (end - ends[index]) / 1000);
const seconds = median(lengths);
const found = {
  seconds,
  perSecond: 1 / seconds,
  firstBatch: (ends[0] - begun) / 1000,
  cpu: (user + system) / 1e6,
  losses: fineTuned.losses.slice(0, 3),
};
writeFileSync(
  result,
  JSON.stringify({ ...found, tensors: fineTuned.parameters + model.fitted.parameters.size }),
);
model.dispose();
await zoo.close();
