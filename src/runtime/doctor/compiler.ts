/** The C++ compiler that builds the binding. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Finding, fact, problem } from './finding.js';

const COMPILERS = ['c++', 'g++', 'clang++'];

/** The first that answers, `CXX` before all. */
export async function findCompiler(
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<{ readonly command: string; readonly version: string } | undefined> {
  for (const command of env.CXX ? [env.CXX] : COMPILERS) {
    try {
      const { stdout } = await promisify(execFile)(command, ['--version'], {
        env,
        timeout: 10_000,
        ...(signal === undefined ? {} : { signal }),
      });
      return { command, version: stdout.split('\n')[0]?.trim() ?? '' };
    } catch {
      signal?.throwIfAborted(); // else: not there, or not a compiler
    }
  }
  return undefined;
}

export async function examineCompiler(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Finding> {
  const compiler = await findCompiler(env, signal);
  if (compiler !== undefined) return fact('compiler', 'Compiler', `${compiler.command}: ${compiler.version}`);
  return problem(
    'compiler',
    'Compiler',
    env.CXX ? `${env.CXX} (from CXX) does not run` : 'none',
    'Installing a runtime builds a small binding; an installed one does not need it.',
    installCommand(process.platform),
  );
}

/** How one gets a compiler there. */
export function installCommand(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'xcode-select --install';
  if (platform === 'win32') return 'npm install @tensorflow/tfjs-node';
  return 'apt-get install g++   (or: dnf install gcc-c++)';
}
