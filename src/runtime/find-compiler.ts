/** The C++ compiler that builds the binding. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const NAMES = ['c++', 'g++', 'clang++'];

export interface Compiler {
  readonly command: string;
  /** First line of its `--version`. */
  readonly version: string;
}

/** The one that `CXX` names, else the first of the usual ones that answers. */
export async function findCompiler(
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Compiler | undefined> {
  for (const command of env.CXX ? [env.CXX] : NAMES) {
    try {
      const { stdout } = await promisify(execFile)(command, ['--version'], { env, timeout: 10_000, signal });
      return { command, version: stdout.split('\n')[0]?.trim() ?? '' };
    } catch {
      signal.throwIfAborted(); // else: not there, or not a compiler
    }
  }
  return undefined;
}

/** How one gets a compiler. */
export function compilerRemedy(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'xcode-select --install';
  if (platform === 'win32') return 'npm install @tensorflow/tfjs-node@4.22.0';
  return 'apt-get install g++   (or: dnf install gcc-c++)';
}
