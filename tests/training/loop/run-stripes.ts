/**
 * Fine-tunes the network of the stripes in a process of its own, to be killed:
 * run-stripes.ts FOLDER(of checkpoints) OUTPUT
 */
import { AdaptedModel } from '../../../src/training/adapted-model.js';
import { openBackbone } from '../../../src/transfer/backbone.js';
import { LONG_RUN, stripes, stripesHead, stripesNetwork } from './stripes.js';

const [, , folder = '', output = ''] = process.argv;
const model = new AdaptedModel(await openBackbone(await stripesNetwork()), stripesHead());
const onProgress = ({ step }: { readonly step: number }) => process.stdout.write(`step ${step}\n`);
const report = await model.fit(stripes(48), {
  ...LONG_RUN,
  fineTune: { ...LONG_RUN.fineTune, checkpoints: { folder, every: 0 }, onProgress },
});
await model.save(output, { published: '2026-11-28' });
process.stdout.write(`resumed from ${report.fineTuned?.resumedFrom}\n`);
model.dispose();
