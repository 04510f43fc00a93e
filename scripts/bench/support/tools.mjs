/** The tools that are compared: how each is called, and where it leaves its files. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPeer } from '../../peers/peers.mjs';
import { repository, snapshotFolder } from './nginx.mjs';

const zooMain = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const poochScript = fileURLToPath(new URL('pooch_fetch.py', import.meta.url));

/** The command line of the pull, and where below ZOO_HOME the files of the card are afterwards. */
const zooCommand = (card) => [process.execPath, zooMain, 'pull', card];
const zooFiles = join('models', 'dataset', 'bench', '1.0.0');

/**
 * Each tool: `program()` is undefined where it is missing; `verifies` says what it checks by itself, and
 * whether it has synced the data to the disk when it ends;
 * `prepare(job)` writes its inputs into `job.folder` (outside the timing) and gives its command, its environment and
 * the folder of its results. A job has `{folder, files, base}`: base is the server, without a slash at the end.
 */
export const tools = {
  curl: {
    verifies: 'nothing',
    program: () => findPeer('curl'),
    prepare({ folder, files, base }) {
      const results = join(folder, 'out');
      const common = [findPeer('curl'), '--disable', '--fail', '--silent', '--show-error'];
      if (files.length === 1) {
        mkdirSync(results);
        return { command: [...common, '-o', join(results, files[0].name), url(base, files[0])], results };
      }
      const list = join(folder, 'list');
      const entry = (file) => `url = "${url(base, file)}"\noutput = "${join(results, file.name)}"\n`;
      writeFileSync(list, files.map(entry).join(''));
      return {
        command: [...common, '--create-dirs', '--parallel', '--parallel-max', '16', '--config', list],
        results,
      };
    },
  },
  aria2: {
    verifies: 'nothing, synced',
    program: () => findPeer('aria2'),
    prepare: (job) => aria2(job, false),
  },
  'aria2-sha256': {
    verifies: 'sha256, synced',
    program: () => findPeer('aria2'),
    prepare: (job) => aria2(job, true),
  },
  hf: {
    verifies: 'size',
    program: () => findPeer('hf'),
    prepare({ folder, files, base }) {
      const home = join(folder, 'hf');
      const wanted = files.length === 1 ? [files[0].name] : [];
      return {
        command: [findPeer('hf'), 'download', repository, ...wanted],
        env: {
          HF_HOME: home,
          HF_ENDPOINT: base,
          HF_HUB_DISABLE_XET: '1',
          HF_HUB_DISABLE_TELEMETRY: '1',
          HF_HUB_DISABLE_UPDATE_CHECK: '1',
          HF_HUB_DISABLE_PROGRESS_BARS: '1',
        },
        results: join(home, snapshotFolder),
      };
    },
  },
  pooch: {
    verifies: 'sha256',
    program: () => findPeer('pooch'),
    prepare({ folder, files, base }) {
      const registry = join(folder, 'registry');
      const results = join(folder, 'out');
      writeFileSync(registry, files.map((file) => `${file.name} ${file.sha256}\n`).join(''));
      return { command: [findPeer('pooch'), poochScript, `${base}/files/`, registry, results], results };
    },
  },
  zoo: {
    verifies: 'sha256, synced',
    program: () => (existsSync(zooMain) ? zooMain : undefined),
    prepare({ folder, files, base }) {
      const card = join(folder, 'card.json');
      writeFileSync(card, JSON.stringify(cardOf(files, base)));
      const home = join(folder, 'zoo');
      return { command: zooCommand(card), env: { ZOO_HOME: home }, results: join(home, zooFiles) };
    },
  },
};

/** With its fastest settings here: pieces small enough for 16 connections, and room made without writing zeros. */
function aria2({ folder, files, base }, verified) {
  const results = join(folder, 'out');
  const list = join(folder, 'list');
  const entry = (file) => {
    const checksum = verified ? `  checksum=sha-256=${file.sha256}\n` : '';
    return `${url(base, file)}\n  out=${file.name}\n${checksum}`;
  };
  writeFileSync(list, files.map(entry).join(''));
  const many = files.length === 1 ? [] : ['-j16'];
  const quiet = ['--no-conf', '--quiet', '--file-allocation=falloc'];
  return {
    command: [findPeer('aria2'), ...quiet, '-x16', '-s16', '-k1M', ...many, '-d', results, '-i', list],
    results,
  };
}

function cardOf(files, base) {
  return {
    kind: 'dataset',
    name: 'bench',
    version: '1.0.0',
    modality: 'image',
    task: 'benchmark',
    summary: 'Random bytes that the download benchmark serves to itself.',
    published: '2026-01-01',
    format: { name: 'data' },
    license: { weights: 'CC0-1.0', statedIn: 'the benchmark that made them', checked: '2026-01-01' },
    files: files.map((file) => ({
      path: file.name,
      role: 'data',
      size: file.size,
      sha256: file.sha256,
      ...(file.pieces.length > 1 ? { pieces: file.pieces } : {}),
      sources: [url(base, file)],
    })),
  };
}

function url(base, file) {
  return `${base}/files/${file.name}`;
}
