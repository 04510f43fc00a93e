// One fresh process of index-bench.ts: opens the index, measures, and sends its figures to the parent.
import { performance } from 'node:perf_hooks';
import { ZooError } from '../../src/core/errors.js';
import { openIndex } from '../../src/registry/index-open.js';
import type { SearchFilters } from '../../src/registry/index-search.js';
import { randomFrom } from '../../tests/support/generated-cards.js';

export interface Figures {
  /** ms until an index is open, without loading the program. */
  readonly open: number;
  readonly search: readonly {
    readonly kind: string;
    readonly text: string;
    readonly ms: number;
    readonly cpu: number;
  }[];
  readonly resolve: readonly number[];
  /** Like `resolve`, but time on a processor: the same where nothing else runs, and steady where something does. */
  readonly resolveCpu: readonly number[];
  /** Names that there are not: the nearest are searched for. */
  readonly unknown: readonly number[];
  readonly rss: number;
}

const [, , mode = 'open', path = ''] = process.argv;
const begun = performance.now();
const index = openIndex(path);
const open = performance.now() - begun;
const search: { kind: string; text: string; ms: number; cpu: number }[] = [];
const resolve: number[] = [];
const resolveCpu: number[] = [];
const unknown: number[] = [];
if (mode === 'search') {
  const random = randomFrom(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const letters = 'abcdefghijklmnoprstuvwz';
  // Names are sampled through completion, which reads another table than search does.
  const sample = () => {
    const begin = pick([
      'mobilenet',
      'bert',
      'wav2vec',
      'yolo',
      'resnet',
      'gpt',
      'whisper',
      'vit',
      pick([...letters]) + pick([...'aeio']),
    ]);
    return pick(index.names(begin, 1000).concat('mobilenet-v2'));
  };
  const COMMON =
    'image text audio network model mobilenet bert resnet classification embedding v1 v2 small base tuned fast speech for espresso cat'.split(
      ' ',
    );
  const TYPOS =
    'moblienet resnt50 espreso mobilnet bertt distlbert whispr effcientnet clasification embeding sqeezenet moblienetv2 imagenett roberat convnxt'.split(
      ' ',
    );
  const filter = (): SearchFilters => ({
    ...(random() < 0.6 ? { modality: pick(['image', 'audio', 'text']) } : {}),
    ...(random() < 0.3
      ? { task: pick(['image-classification', 'speech-recognition', 'sentence-embedding']) }
      : {}),
    ...(random() < 0.3 ? { license: pick(['MIT', 'Apache-2.0', 'MPL-2.0', 'GPL-3.0-only']) } : {}),
    ...(random() < 0.3 ? { format: pick(['onnx', 'tflite', 'safetensors']) } : {}),
    ...(random() < 0.3 ? { maxSize: 10 ** (4.5 + random() * 5) } : {}),
  });
  const KINDS: Record<string, () => [string, SearchFilters]> = {
    name: () => [sample().replaceAll('-', ' '), {}],
    'words of a name': () => [
      sample()
        .split('-')
        .sort(() => random() - 0.5)
        .slice(0, 2)
        .join(' '),
      {},
    ],
    'one common word': () => [pick(COMMON), {}],
    'two common words': () => [`${pick(COMMON)} ${pick(COMMON)}`, {}],
    'four common words': () => [Array.from({ length: 4 }, () => pick(COMMON)).join(' '), {}],
    'prefix of 1 letter': () => [pick([...letters]), {}],
    'prefix of 2 letters': () => [pick([...letters]) + pick([...letters]), {}],
    'prefix of 3 letters': () => [sample().slice(0, 3), {}],
    'longer prefix': () => [sample().slice(0, 4 + Math.floor(random() * 8)), {}],
    'common word and prefix': () => [`${pick(COMMON)} ${pick([...letters])}`, {}],
    typo: () => [`${pick(TYPOS)}${random() < 0.5 ? ` ${pick(COMMON)}` : ''}`, {}],
    'word with a letter lost': () => {
      const word = pick(sample().split('-'));
      const at = Math.floor(random() * word.length);
      return [word.slice(0, at) + word.slice(at + 1), {}];
    },
    'filters alone': () => ['', filter()],
    'common words with filters': () => [`${pick(COMMON)} ${pick(COMMON)}`, filter()],
    'typo with filters': () => [pick(TYPOS), filter()],
    'nothing alike': () => [Array.from({ length: 12 }, () => pick([...'qxzwj'])).join(''), {}],
    'twelve words': () => [
      Array.from({ length: 12 }, () => pick([...COMMON, ...sample().split('-')])).join(' '),
      filter(),
    ],
  };
  for (let round = 0; round < 250; round++) {
    for (const [kind, make] of Object.entries(KINDS)) {
      const [query, filters] = make();
      const cpu = process.cpuUsage();
      const before = performance.now();
      const hits = index.search(query, filters);
      search.push({
        kind,
        text: `${query} ${JSON.stringify(filters)}: ${hits.length} hits`,
        ms: performance.now() - before,
        cpu: cpuSince(cpu),
      });
    }
  }
  for (let round = 0; round < 4000; round++) {
    const name = sample();
    const [newest] = index.versions(name);
    const misspelt = round % 4 === 0;
    const reference = misspelt
      ? `${name}x`
      : pick([name, `${name}@latest`, `${name}@>=0`, `${name}@${newest?.version ?? 'latest'}`]);
    const exists = index.versions(reference.split('@')[0] ?? '').length > 0;
    const cpu = process.cpuUsage();
    const before = performance.now();
    try {
      index.resolve(reference);
    } catch (error) {
      // Some names have nothing but pre-releases or withdrawn versions; saying so takes its time, too.
      if (!(error instanceof ZooError)) throw error;
    }
    const ms = performance.now() - before;
    if (!exists) unknown.push(ms);
    else {
      resolve.push(ms);
      resolveCpu.push(cpuSince(cpu));
    }
  }
}
index.close();
process.send?.({
  open,
  search,
  resolve,
  resolveCpu,
  unknown,
  rss: process.resourceUsage().maxRSS * 1024,
} satisfies Figures);

/** ms of this process's time on processors. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
