/** Features of a trial's examples by a network of the zoo: computed once, and kept in the zoo's feature cache. */
import { performance } from 'node:perf_hooks';
import type { AdaptingZoo, OpenBackboneOptions } from '../../../src/training/adapting-zoo.js';
import { extractFeatures } from '../../../src/training/features/extract-features.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { balanced, type RowsOf, rowsFrom } from './learn-rows.js';
import type { Contestant, Trial } from './trial.js';

export async function networkRows(
  zoo: AdaptingZoo,
  reference: string,
  { title, everything }: Trial,
  options: OpenBackboneOptions = {},
): Promise<RowsOf> {
  const backbone = await zoo.backbone(reference, options);
  try {
    const begun = performance.now();
    const table = await extractFeatures(backbone, everything, { cache: zoo.featureCache });
    const seconds = (performance.now() - begun) / 1000;
    process.stderr.write(
      `${title}: ${reference}, ${backbone.cut}, ${backbone.pooling}: ${table.names.length} x ${table.width} features, ` +
        `${table.computed} of them computed in ${seconds.toFixed(1)} s\n`,
    );
    return rowsFrom(table);
  } finally {
    backbone.dispose();
  }
}

/** Cut, pooling, size of pictures and scaling by cross-validation on the draw's own training part. */
export function chosenLayer(zoo: AdaptingZoo, reference: string, most: number): Contestant {
  return {
    name: `${reference}, layer chosen on the training part`,
    most,
    async run({ train, test, seed }) {
      const { labels } = train;
      const heads = [classifier({ labels }), classifier({ labels, scaling: 'unit-length' })];
      const { choice, head, tried } = await zoo.chooseFeatures(reference, heads, train, { seed });
      const model = (await zoo.backbone(reference, choice)).withHead(head);
      try {
        await model.fit(train, { seed });
        const { report } = await model.evaluate(test);
        const size = tried[0]?.size === undefined ? '' : `, ${tried[0].size} pixels`;
        return {
          accuracy: balanced(report),
          chosen: `${model.backbone.cut}, ${model.backbone.pooling}${size}, ${head.scaling}`,
        };
      } finally {
        model.dispose();
      }
    },
  };
}
