/**
 * Caches for tests of the installation. Their files are those of the runtime in the checkout's own cache, so that the
 * installation is real and nothing has to cross the network a second time.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FilePlacer } from '../../src/cache/place-file.js';
import { hasCode } from '../../src/core/errors.js';
import { chooseOffer } from '../../src/runtime/choose-offer.js';
import { type RuntimeFile, runtimeFiles } from '../../src/runtime/offers.js';
import { nativeRuntime } from './checkout-runtime.js';
import { temporaryFolder } from './temporary-folder.js';
import { ZOO_COMMAND } from './zoo-world.js';

/** A cache with the files of the default runtime, for `ZOO_SHARED_CACHE`. Read only: its files are the checkout's. */
export async function runtimeFilesCache(
  isThere: (file: RuntimeFile) => boolean = () => true,
): Promise<string> {
  const folder = await temporaryFolder('files');
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const placer = new FilePlacer();
  for (const file of runtimeFiles(chooseOffer()).filter(isThere)) {
    const from = join(nativeRuntime(), file.path);
    await placer.place(from, join(blobs, file.sha256)).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error; // two files with the same bytes
    });
  }
  return folder;
}

/**
 * A C++ compiler that keeps what it has built, as ccache does: the second build of the same takes no time.
 * @param built what it has built before; nothing by default.
 * @returns its path, for `CXX`.
 */
export async function cachingCompiler(built?: string): Promise<string> {
  const folder = await temporaryFolder('compiler');
  if (built !== undefined) await copyFile(built, join(folder, 'built'));
  const script = `#!/bin/sh
if [ "$1" = --version ]; then exec c++ --version; fi
for output; do :; done
if [ ! -f '${folder}/built' ]; then
  c++ "$@" || exit
  cp "$output" '${folder}/'built.$$ && mv '${folder}/'built.$$ '${folder}/built'
else
  cp '${folder}/built' "$output"
fi
`;
  const path = join(folder, 'c++');
  await writeFile(path, script);
  await chmod(path, 0o755);
  return path;
}

/** `zoo …` with the registries of this machine's own configuration. */
export function startZoo(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [ZOO_COMMAND, ...args], {
    env: { ...process.env, ZOO_RUNTIME: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
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
  return { process: child, ended };
}
