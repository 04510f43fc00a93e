/** What a process that computes with native graphs writes on its standard error: nothing, unless it was asked to. */
import { describe, expect, it } from 'vitest';
import { runScript } from '../support/child-script.js';

function runGraph(level: string | undefined) {
  return runScript('runtime/run-graph.ts', [], { env: { TF_CPP_MIN_LOG_LEVEL: level } }).ended;
}

describe('the first native graph of a process', () => {
  it('is silent', async () => {
    const { code, stdout, stderr } = await runGraph(undefined);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'graph of 1 output: 1 x 3', stderr: '' });
  });

  it('says what TensorFlow says where the user wants to hear it', async () => {
    const { code, stderr } = await runGraph('0');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^I0000 .*MLIR V1 optimization pass is not enabled$/m);
    expect(stderr).toContain('cpu_feature_guard.cc');
  });

  it('is silent at the other levels', async () => {
    for (const level of ['1', '3']) expect((await runGraph(level)).stderr).toBe('');
  });
});
