/** Mends what verification found: damaged pieces are fetched again, folders rebuilt, lost records pulled anew. */
import { type ModelKey, modelId } from '../cache/layout.js';
import type { VerifyReport } from '../cache/verify.js';
import type { Digest } from '../core/digest.js';
import type { Card } from '../registry/card.js';
import { fetchBlobs } from './fetch-blobs.js';
import type { FetchTools } from './fetch-tools.js';
import { type WantedBlob, wantedBlobs } from './wanted-blob.js';

export interface RepairReport {
  /** Blobs that were made whole. */
  readonly blobs: number;
  /** Bytes that crossed the network for it. */
  readonly received: number;
  /** Models whose folder was built anew. */
  readonly models: readonly string[];
}

/**
 * Repairs everything in `report`.
 * @param cardOf the card of a damaged model: from its own record, or where that is lost from the index.
 * @throws ZooError of the transfers; what was repaired until then stays repaired.
 */
export async function repair(
  report: VerifyReport,
  cardOf: (key: ModelKey) => Promise<Card>,
  tools: FetchTools,
): Promise<RepairReport> {
  const { cache, signal } = tools;
  const broken = new Map<string, ModelKey>();
  const faults = [...report.damaged, ...report.missing].flatMap((blob) => blob.models);
  for (const key of [
    ...faults,
    ...report.folders.map((fault) => fault.model),
    ...report.unreadable.map((one) => one.key),
  ]) {
    broken.set(modelId(key), key);
  }
  const cards = new Map<string, Card>();
  const ways = new Map<Digest, WantedBlob>();
  for (const [id, key] of broken) {
    const card = await cardOf(key);
    cards.set(id, card);
    for (const blob of wantedBlobs(card)) ways.set(blob.sha256, blob);
  }

  const wanted: WantedBlob[] = [];
  const damaged = new Set(report.damaged.map((blob) => blob.digest));
  for (const blob of ways.values()) {
    if (!damaged.has(blob.sha256) && (await cache.has(blob.sha256, blob.size))) continue;
    // A repair that was interrupted has left a copy aside whose good pieces are still good.
    const seed = await cache.quarantine(blob.sha256);
    wanted.push(seed === undefined ? blob : { ...blob, seed });
  }
  const received = await fetchBlobs(wanted, tools);
  for (const card of cards.values()) {
    await cache.install(card, { rebuild: true, source: { card: 'repair' }, signal });
  }
  return { blobs: wanted.length, received, models: [...cards.keys()] };
}
