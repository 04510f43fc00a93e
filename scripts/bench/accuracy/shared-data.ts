/** Data sets from local folders that the caller names, laid out as their cards say. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../../../src/data/dataset.js';
import { openDatasetCard } from '../../../src/data/ready/open-dataset-card.js';
import type { Zoo } from '../../../src/zoo/open-zoo.js';

/** @returns undefined, and says so, where there is no such folder. @param folder holds one folder a data set. */
export async function sharedData(zoo: Zoo, folder: string, name: string): Promise<Dataset | undefined> {
  const path = join(folder, name);
  if (!existsSync(path)) {
    process.stderr.write(`left out: there is no ${name} in ${folder}; name its folder with --shared\n`);
    return undefined;
  }
  const { card } = await zoo.show(`dataset/${name}`);
  return openDatasetCard(path, card);
}
