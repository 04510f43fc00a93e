/** Saves two models over one another until it is killed: `begun` once, then on and on. */

import { saveAdapted } from '../../../../src/transfer/adapted/save-adapted.js';
import { classifier } from '../../../../src/transfer/heads/classifier.js';
import { DIGITS, fittedHead, sampleContent } from '../sample-adapted.js';

const [folder = ''] = process.argv.slice(2);
const models = [1, 2].map((seed) =>
  sampleContent({ head: fittedHead(classifier({ labels: DIGITS }), 1280, seed), seed }),
);
process.stdout.write('begun\n');
for (;;) for (const model of models) await saveAdapted(folder, model, { overwrite: true });
