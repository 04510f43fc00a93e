/** Which models go: decided on plain data, before anything is touched. */
import type { Digest } from '../core/digest.js';
import type { InstalledModel } from './installed-models.js';

/** What counts when models are compared. */
export type Candidate = Pick<InstalledModel, 'digest' | 'card' | 'files' | 'lastUse'>;

export interface Choice<M extends Candidate> {
  /** Models last used before this time go. */
  readonly unusedSince?: Date | undefined;
  /** Bytes of blobs that may stay. */
  readonly maxSize?: number | undefined;
  /** Sizes of the blobs that are there. */
  readonly sizes: ReadonlyMap<Digest, number>;
  /** Blobs that stay whatever happens to the models. */
  readonly pinned: ReadonlySet<Digest>;
  isProtected(model: M): boolean;
}

/** Digests that a model needs: manifest, card and files. */
export function digestsOf(model: Pick<Candidate, 'digest' | 'card' | 'files'>): Set<Digest> {
  return new Set([model.digest, model.card, ...model.files.map((file) => file.sha256)]);
}

/**
 * The models to drop, least recently used first: all that were not used since a time, then as many more as it
 * takes until what is left fits. A blob counts once, and as long as any model that stays has it.
 */
export function chooseModels<M extends Candidate>(models: readonly M[], choice: Choice<M>): M[] {
  const users = new Map<Digest, number>();
  for (const model of models) {
    for (const digest of digestsOf(model)) users.set(digest, (users.get(digest) ?? 0) + 1);
  }
  const sizeOf = (digest: Digest) => choice.sizes.get(digest) ?? 0;
  let size = [...new Set([...users.keys(), ...choice.pinned])].reduce((sum, one) => sum + sizeOf(one), 0);

  const dropped: M[] = [];
  const oldestFirst = models
    .filter((model) => !choice.isProtected(model))
    .sort((a, b) => Date.parse(a.lastUse) - Date.parse(b.lastUse));
  for (const model of oldestFirst) {
    const tooOld =
      choice.unusedSince !== undefined && Date.parse(model.lastUse) < choice.unusedSince.getTime();
    const tooMuch = choice.maxSize !== undefined && size > choice.maxSize;
    if (!tooOld && !tooMuch) break;
    dropped.push(model);
    for (const digest of digestsOf(model)) {
      const left = (users.get(digest) ?? 0) - 1;
      users.set(digest, left);
      if (left === 0 && !choice.pinned.has(digest)) size -= sizeOf(digest);
    }
  }
  return dropped;
}
