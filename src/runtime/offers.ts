/**
 * The versions of TensorFlow on offer: registry/runtime-offers.json, which scripts/runtime/update-offers.ts makes.
 * It names the wheel for each platform, the CUDA wheels, the npm packages, and of each only the files that a
 * runtime needs, with size and sha256. No binary comes with this package.
 */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { isDigest } from '../core/digest.js';
import type { Card, CardArchive, CardFile } from '../registry/card.js';
import { parseLocator } from '../registry/locator.js';

const size = z.int().nonnegative();
const digest = z.string().refine(isDigest);

const archiveSchema = z.strictObject({
  locator: z.string(),
  size,
  sha256: digest,
  /** Size and digest of each; of wheels, which are read by range, also the bytes that cross the network for it. */
  files: z.record(z.string(), z.union([z.tuple([size, digest]), z.tuple([size, digest, size])])),
});

const offerSchema = z.strictObject({
  tensorflow: z.string().regex(/^\d+\.\d+\.\d+$/),
  device: z.enum(['cpu', 'gpu']),
  platform: z.string().regex(/^[a-z0-9]+-[a-z0-9]+$/),
  /** True when this project's own tests run with it. */
  tested: z.boolean(),
  /** Least version of glibc, and of libstdc++'s symbols (`GLIBCXX_…`). */
  glibc: z.string().optional(),
  glibcxx: z.string().optional(),
  /** File names of the packages that it is taken from, TensorFlow's wheel first. */
  archives: z.array(z.string()).min(1),
});

const tableSchema = z.strictObject({
  default: z.string(),
  offers: z.array(offerSchema).min(1),
  archives: z.record(z.string(), archiveSchema),
});

export type Device = 'cpu' | 'gpu';
export type Offer = z.infer<typeof offerSchema>;
export type OfferTable = z.infer<typeof tableSchema>;

/** One file of a runtime, and where it comes from. */
export interface RuntimeFile {
  /** Relative to the runtime's folder, with forward slashes. */
  readonly path: string;
  readonly size: number;
  readonly sha256: CardFile['sha256'];
  /** Locator of the file in its package. */
  readonly source: string;
  /** Bytes that cross the network for it; undefined when its package can only be fetched whole. */
  readonly packed: number | undefined;
}

const TABLE = new URL('../../registry/runtime-offers.json', import.meta.url);
let table: OfferTable | undefined;

/** The table of this version of neuralzoo. */
export function readOffers(): OfferTable {
  table ??= tableSchema.parse(JSON.parse(readFileSync(TABLE, 'utf8')));
  return table;
}

/** `2.18.1-cpu-linux-x64`: the name of a runtime's folder. */
export function runtimeId({
  tensorflow,
  device,
  platform,
}: Pick<Offer, 'tensorflow' | 'device' | 'platform'>): string {
  return `${tensorflow}-${device}-${platform}`;
}

/** Where each package's files lie: wheels as Python lays them out, npm packages in `node_modules`. */
export function runtimeFiles(offer: Offer, { archives }: OfferTable = readOffers()): RuntimeFile[] {
  return offer.archives.flatMap((name) => {
    const { locator, files } = archiveOf(archives, name);
    const parsed = parseLocator(locator);
    const folder = parsed.scheme === 'npm' ? `node_modules/${parsed.name}/` : '';
    return Object.entries(files).map(([member, [bytes, sha256, packed]]) => ({
      path: `${folder}${member}`,
      size: bytes,
      sha256,
      source: `${locator}#${member}`,
      packed,
    }));
  });
}

/** Files as a card would describe them, with the packages that they are taken from. */
export function asCard(
  offer: Offer,
  files: readonly RuntimeFile[],
  { archives }: OfferTable = readOffers(),
): Pick<Card, 'files' | 'archives'> {
  return {
    files: files.map(({ path, size: bytes, sha256, source }) => ({
      path,
      role: 'data' as const,
      size: bytes,
      sha256,
      sources: [source],
    })),
    archives: offer.archives.map((name): CardArchive => {
      const { locator, size: bytes, sha256 } = archiveOf(archives, name);
      return { locator, name, size: bytes, sha256 };
    }),
  };
}

/** Bytes that cross the network to get `files`. */
export function bytesToFetch(
  offer: Offer,
  files: readonly RuntimeFile[],
  { archives }: OfferTable = readOffers(),
): number {
  const whole = offer.archives
    .map((name) => archiveOf(archives, name))
    .filter(({ locator }) =>
      files.some(({ source, packed }) => packed === undefined && source.startsWith(`${locator}#`)),
    );
  return [...whole.map((archive) => archive.size), ...files.map(({ packed = 0 }) => packed)].reduce(
    (sum, bytes) => sum + bytes,
    0,
  );
}

function archiveOf(archives: OfferTable['archives'], name: string): z.infer<typeof archiveSchema> {
  const archive = archives[name];
  if (archive === undefined) throw new Error(`the table of runtimes does not describe ${name}`);
  return archive;
}
