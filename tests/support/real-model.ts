/** Real networks and data sets, pulled once into the checkout's own cache and used by many tests. */
import type { Card } from '../../src/registry/card.js';
import { openZoo } from '../../src/zoo/open-zoo.js';
import { CHECKOUT_HOME } from './checkout-home.js';

export interface RealModel {
  readonly card: Card;
  /** Its materialised folder. Read only. */
  readonly folder: string;
}

/** Pulls `reference` of the built-in catalogue, if it is not there yet. */
export async function realModel(reference: string): Promise<RealModel> {
  const zoo = await openZoo({ home: CHECKOUT_HOME });
  try {
    const { card, path } = await zoo.pull(reference);
    return { card, folder: path };
  } finally {
    await zoo.close();
  }
}
