/** Whether there is a C++ compiler to build the binding with. */
import { type Compiler, compilerRemedy } from '../find-compiler.js';
import { type Finding, fact, note, problem } from './finding.js';

/** @param works true when TensorFlow is there and computes: then no compiler is missed. */
export function compilerFinding(
  compiler: Compiler | undefined,
  { CXX }: NodeJS.ProcessEnv,
  works: boolean,
): Finding {
  if (compiler !== undefined) return fact('compiler', 'Compiler', `${compiler.command}: ${compiler.version}`);
  return (works ? note : problem)(
    'compiler',
    'Compiler',
    CXX ? `${CXX} (from CXX) does not run` : 'none',
    'Installing a runtime builds a small binding; an installed one does not need it.',
    compilerRemedy(process.platform),
  );
}
