/** A user's world for tests: home, cache, working folder and index of their own, cards in it, and the real command. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect } from 'vitest';
import { type Cache, openCache } from '../../src/cache/cache.js';
import { sha256 } from '../../src/core/digest.js';
import { hashPieces, PIECE_SIZE } from '../../src/core/pieces.js';
import type { Card } from '../../src/registry/card.js';
import { buildIndex } from '../../src/registry/index-build.js';
import { checkCard } from '../../src/registry/parse-card.js';
import { openZoo, type Zoo, type ZooOptions } from '../../src/zoo/open-zoo.js';
import type { PullEvent } from '../../src/zoo/pull-events.js';
import { isolatedEnv } from './isolated-env.js';
import { temporaryFolder } from './temporary-folder.js';

/** The command as `npm test` has built it. */
export const ZOO_COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface FileSpec {
  readonly bytes: Uint8Array;
  readonly sources: readonly string[];
  readonly role?: Card['files'][number]['role'];
}

export interface ArchiveSpec {
  readonly locator: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Top-level fields of a card other than its files. */
export type CardChanges = Partial<Omit<Card, 'files' | 'archives'>>;

export interface CardSpec extends CardChanges {
  readonly files: Readonly<Record<string, FileSpec>>;
  readonly archives?: readonly ArchiveSpec[];
}

async function hashesOf(bytes: Uint8Array) {
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += PIECE_SIZE) yield bytes.subarray(at, at + PIECE_SIZE);
  };
  const { pieces } = await hashPieces(chunks());
  return {
    size: bytes.length,
    sha256: sha256(bytes),
    ...(pieces.length > 0 ? { pieces: [...pieces] } : {}),
  };
}

/** A checked card whose hashes are those of the given bytes. */
export async function cardOf({ files, archives, ...changes }: CardSpec): Promise<Card> {
  return checkCard(
    {
      kind: 'model',
      name: 'tiny-net',
      version: '1.0.0',
      modality: 'image',
      task: 'image-classification',
      summary: 'A network of the tests that recognises nothing.',
      published: '2026-11-24',
      format: { name: 'safetensors' },
      license: { weights: 'Apache-2.0', statedIn: 'LICENSE', checked: '2026-11-24' },
      ...changes,
      files: await Promise.all(
        Object.entries(files).map(async ([path, { bytes, sources, role }]) => ({
          path,
          role: role ?? 'weights',
          ...(await hashesOf(bytes)),
          sources: [...sources],
        })),
      ),
      ...(archives === undefined
        ? {}
        : {
            archives: await Promise.all(
              archives.map(async ({ locator, name, bytes }) => ({
                locator,
                name,
                ...(await hashesOf(bytes)),
              })),
            ),
          }),
    },
    'test card',
  );
}

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly process: ChildProcess;
  readonly ended: Promise<CliResult>;
  /** Waits until standard error has this text. */
  noted(text: string): Promise<void>;
}

export class World {
  readonly cwd: string;
  readonly cacheRoot: string;
  readonly indexPath: string;
  readonly #home: string;
  #env: Record<string, string> = {};
  readonly #opened: { close(): Promise<void> }[] = [];

  constructor(folder: string) {
    this.#home = join(folder, 'home');
    this.cwd = join(folder, 'project');
    this.cacheRoot = join(folder, 'cache');
    this.indexPath = join(folder, 'index.sqlite');
  }

  async make(): Promise<this> {
    await mkdir(this.#home, { recursive: true });
    await mkdir(this.cwd, { recursive: true });
    return this;
  }

  get env(): NodeJS.ProcessEnv {
    return isolatedEnv(this.#home, {
      ZOO_HOME: this.cacheRoot,
      ZOO_INDEX: this.indexPath,
      npm_config_registry: 'http://127.0.0.1:9/',
      PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
      ...this.#env,
    });
  }

  /** Sets variables of the environment of everything that is opened or run from now on. */
  setEnv(env: Record<string, string>): void {
    this.#env = { ...this.#env, ...env };
  }

  /** Closes `one` after the test. */
  closeLater<T extends { close(): Promise<void> }>(one: T): T {
    this.#opened.push(one);
    return one;
  }

  async zoo(options: ZooOptions = {}): Promise<Zoo> {
    return this.closeLater(await openZoo({ env: this.env, cwd: this.cwd, ...options }));
  }

  /** The cache, to look at. */
  cache(): Promise<Cache> {
    return openCache(this.cacheRoot);
  }

  /** Writes a card into the working folder and returns the reference that names it. */
  async save(card: unknown, name = 'card.json'): Promise<string> {
    await writeFile(join(this.cwd, name), JSON.stringify(card));
    return `./${name}`;
  }

  async index(...cards: Card[]): Promise<void> {
    await buildIndex(cards, this.indexPath);
  }

  /** Runs the command. */
  run(...args: string[]): Promise<CliResult> {
    return this.start(args).ended;
  }

  start(args: readonly string[], env: Record<string, string> = {}): RunningCli {
    const child = spawn(process.execPath, [ZOO_COMMAND, ...args], {
      cwd: this.cwd,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.closeLater({
      async close() {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'close');
      },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));
    return {
      process: child,
      ended,
      async noted(text) {
        while (!stderr.includes(text)) {
          const what = await Promise.race([once(child.stderr, 'data').then(() => 'data'), ended]);
          if (what !== 'data' && !stderr.includes(text)) throw new Error(`never said ${text}: ${stderr}`);
        }
      },
    };
  }

  /** What lies in the cache's working folders; nothing should once all is done. */
  async leftovers(): Promise<string[]> {
    const found: string[] = [];
    for (const folder of ['partial', 'leases', 'holds', 'quarantine', 'trash']) {
      const names = await readdir(join(this.cacheRoot, folder)).catch(() => []);
      found.push(...names.map((name) => `${folder}/${name}`));
    }
    return found;
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((one) => one.close()));
  }
}

/** A fresh world for each test of a file. */
export function useWorld(): { readonly current: World } {
  const state: { current: World | undefined } = { current: undefined };
  beforeEach(async () => {
    state.current = await new World(await temporaryFolder('zoo')).make();
  });
  afterEach(async () => {
    await state.current?.close();
  });
  return {
    get current() {
      if (state.current === undefined) throw new Error('there is a world only inside of a test');
      return state.current;
    },
  };
}

/** Collects events; `of` gives those of one type. */
export function recordEvents() {
  const events: PullEvent[] = [];
  return {
    events,
    onEvent: (event: PullEvent) => void events.push(event),
    of<Type extends PullEvent['type']>(type: Type) {
      return events.filter((event): event is Extract<PullEvent, { type: Type }> => event.type === type);
    },
  };
}

/**
 * `received` is what `size` bytes cost: all of them, and at most 5 % more. A slow connection is raced by another one,
 * and what both bring counts twice; how much a server has sent into such a race says nothing.
 */
export function expectOnce(received: number, size: number): void {
  expect(received).toBeGreaterThanOrEqual(size);
  expect(received).toBeLessThanOrEqual(Math.ceil(1.05 * size));
}

/** Bytes of bodies that a server was asked for at `path`, by ranges or whole. */
export function bytesAsked(
  asked: readonly { readonly url: string; readonly headers: NodeJS.Dict<string | string[]> }[],
  path: string,
  size: number,
): number {
  return asked
    .filter(({ url }) => url === path)
    .reduce((sum, { headers }) => {
      const range = /^bytes=(\d+)-(\d+)$/.exec(String(headers.range ?? ''));
      return sum + (range ? Math.min(size, Number(range[2]) + 1) - Number(range[1]) : size);
    }, 0);
}
