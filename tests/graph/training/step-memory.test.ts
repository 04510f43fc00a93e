import { describe, expect, it } from 'vitest';
import { DT, type Edge, Graph } from '../../../src/graph/graph.js';
import type { Signature } from '../../../src/graph/saved-model.js';
import { stepMemory, tensorMemory } from '../../../src/graph/training/step-memory.js';
import { runScript } from '../../support/child-script.js';
import { TINY_NETWORKS } from './tiny-networks.js';
import { freeOptions, made, optionsFor } from './trainings.js';

/** Graphs whose tensors are one for each example, or fixed: [examples, count] or [count], float32. */
class Sketch {
  readonly graph = new Graph();

  add(op: string, inputs: readonly Edge[], count: number, fixed = false): Edge {
    const info = fixed
      ? { dtype: DT.float32, shape: [count], batches: [0], traced: { batch: 2, shape: [count] } }
      : { dtype: DT.float32, shape: [-1, count], batches: [1, 0], traced: { batch: 2, shape: [2, count] } };
    return this.graph.add(op, { op, inputs, attributes: {}, outputs: [info] });
  }

  signature(input: Edge, output: Edge): Signature {
    return { inputs: [{ name: 'x', edge: input }], outputs: [{ name: 'y', edge: output }] };
  }
}

function memoryOf(make: (sketch: Sketch, input: Edge) => Edge) {
  const sketch = new Sketch();
  const input = sketch.add('Placeholder', [], 10);
  const output = make(sketch, input);
  return tensorMemory(sketch.graph, sketch.signature(input, output));
}

describe('the memory of tensors', () => {
  it('is that of what is there at one time, and of what the caller has given', () => {
    const found = memoryOf((sketch, x) => {
      const wide = sketch.add('Exp', [x], 100);
      const narrow = sketch.add('Sum', [wide], 1);
      // The first wide one is gone by then.
      return sketch.add('Tile', [narrow], 120);
    });
    expect(found).toEqual({ fixed: 0, perExample: 4 * (10 + 1 + 120) });
  });

  it('holds a tensor until its last reader has run', () => {
    const found = memoryOf((sketch, x) => {
      const kept = sketch.add('Exp', [x], 100);
      const sum = sketch.add('Sum', [kept], 1);
      const wide = sketch.add('Tile', [sum], 120);
      return sketch.add('Mul', [sketch.add('Sum', [wide], 1), kept], 100);
    });
    expect(found).toEqual({ fixed: 0, perExample: 4 * (10 + 100 + 1 + 120) });
  });

  it('counts what can be computed early from then on', () => {
    const found = memoryOf((sketch, x) => {
      const first = sketch.add('Exp', [x], 50);
      // Read at the end only.
      const mask = sketch.add('Sign', [first], 70);
      const second = sketch.add('Exp', [first], 40);
      const third = sketch.add('Exp', [second], 90);
      return sketch.add('Concat', [third, mask], 20);
    });
    expect(found).toEqual({ fixed: 0, perExample: 4 * (10 + 70 + 40 + 90) });
  });

  it('counts a tensor in another shape once', () => {
    const found = memoryOf((sketch, x) => {
      const wide = sketch.add('Exp', [x], 100);
      const again = sketch.add('Identity', [sketch.add('Reshape', [wide], 100)], 100);
      return sketch.add('Sum', [again], 5);
    });
    expect(found).toEqual({ fixed: 0, perExample: 4 * (10 + 100 + 5) });
  });

  it('does not count weights, nor what other signatures compute', () => {
    const found = memoryOf((sketch, x) => {
      const weight = sketch.add('ReadVariableOp', [sketch.add('VarHandleOp', [], 1000, true)], 1000, true);
      const product = sketch.add('MatMul', [x, weight], 30);
      sketch.add('Tile', [product], 5000);
      return product;
    });
    expect(found).toEqual({ fixed: 0, perExample: 4 * (10 + 30) });
  });

  it('does not compute what is fed', () => {
    const sketch = new Sketch();
    const input = sketch.add('Placeholder', [], 10);
    const place = sketch.add('PlaceholderWithDefault', [sketch.add('Exp', [input], 500)], 500);
    const last = sketch.add('Sum', [sketch.add('Exp', [place], 20)], 1);
    expect(tensorMemory(sketch.graph, sketch.signature(place, last)).perExample).toBe(4 * (500 + 20 + 1));
    expect(tensorMemory(sketch.graph, sketch.signature(input, last)).perExample).toBe(4 * (10 + 500 + 20));
  });

  it('is never too little where the peak of one example is another than that of many', () => {
    const found = memoryOf((sketch, x) => {
      const wide = sketch.add('Exp', [x], 100);
      const gradient = sketch.add('Sum', [wide], 900, true);
      return sketch.add('Sum', [gradient], 300, true);
    });
    const peak = (examples: number) =>
      4 * Math.max(examples * 10 + examples * 100 + 900, examples * 10 + 900 + 300);
    const line = (examples: number) => found.fixed + examples * found.perExample;
    expect(line(1)).toBe(peak(1));
    expect(found.perExample).toBe(4 * 110);
    for (const examples of [2, 3, 5, 16, 1000]) expect(line(examples)).toBeGreaterThanOrEqual(peak(examples));
  });

  it('is fixed where no size is open', () => {
    const graph = new Graph();
    const add = (op: string, inputs: readonly Edge[], ...shape: number[]) =>
      graph.add(op, { op, inputs, attributes: {}, outputs: [{ dtype: DT.bool, shape }] });
    const input = add('Placeholder', [], 4, 10);
    const signature = new Sketch().signature(input, add('LogicalNot', [input], 4, 10));
    expect(tensorMemory(graph, signature)).toEqual({ fixed: 80, perExample: 0 });
  });

  it('takes lengths as they were traced', () => {
    const sketch = new Sketch();
    const add = (
      op: string,
      inputs: readonly Edge[],
      batches: readonly (number | undefined)[],
      ...shape: number[]
    ) =>
      sketch.graph.add(op, {
        op,
        inputs,
        attributes: {},
        outputs: [{ dtype: DT.int32, shape: shape.map(() => -1), batches, traced: { batch: 2, shape } }],
      });
    // Words; their scores by head; and all words of all texts in one list.
    const words = add('Placeholder', [], [1, undefined], 2, 7);
    const scores = add('Exp', [words], [1, undefined, undefined], 2, 7, 7);
    const flat = add('Gather', [scores], [undefined], 2 * 7);
    expect(tensorMemory(sketch.graph, sketch.signature(words, flat))).toEqual({
      fixed: 0,
      perExample: 4 * (7 + 49 + 7),
    });
  });
});

describe('the memory of a step', () => {
  it('grows by the variables, by more than they are and less than twice as much', () => {
    const sketch = new Sketch();
    const input = sketch.add('Placeholder', [], 10);
    const signature = sketch.signature(input, sketch.add('Exp', [input], 100));
    const [none, some] = [0, 1e9].map((variables) => stepMemory(sketch.graph, signature, variables));
    expect(some?.perExample).toBe(none?.perExample);
    const more = (some?.fixed ?? 0) - (none?.fixed ?? 0);
    expect(more).toBeGreaterThanOrEqual(1e9);
    expect(more).toBeLessThan(2e9);
  });

  it('is more for an optimiser that remembers more, and less for fewer layers', async () => {
    const tiny = TINY_NETWORKS.convolutions();
    const memories = [];
    for (const given of [
      { optimizer: { kind: 'adam' } as const },
      {},
      { trainable: ['last', 'last.bias'] },
      { trainable: [], accumulate: 4 },
    ]) {
      const options = optionsFor(tiny, given);
      const training = await made(tiny, options);
      const { memory, memoryFrom, boundary } = training;
      memories.push({ memory, memoryFrom, boundary });
      training.dispose();
      freeOptions(options);
    }
    tiny.network.dispose();
    const [adam, sgd, last, head] = memories;
    expect(adam?.memory.fixed).toBeGreaterThan(sgd?.memory.fixed ?? 0);
    expect(adam?.memory.perExample).toBe(sgd?.memory.perExample);
    expect(adam?.memoryFrom).toBeUndefined();
    expect(last?.memory.perExample).toBeLessThan(sgd?.memory.perExample ?? 0);
    expect(head?.memoryFrom?.perExample).toBeLessThan(last?.memoryFrom?.perExample ?? 0);
    for (const each of [last, head]) {
      expect(each?.boundary).toBeDefined();
      expect(each?.memoryFrom?.perExample).toBeLessThan(each?.memory.perExample ?? 0);
      expect(each?.memoryFrom?.perExample).toBeGreaterThan(each?.boundary?.[0]?.bytes ?? 0);
    }
  });

  it.runIf(process.platform === 'linux')(
    'is about what a process grows by',
    async () => {
      const { stdout, stderr } = await runScript('graph/training/run-step-memory.ts', []).ended;
      expect(stdout, stderr).toMatch(/^\{/);
      const { estimate, grown }: { estimate: number; grown: number } = JSON.parse(stdout);
      expect(grown).toBeGreaterThan(200 * 2 ** 20);
      expect(estimate / grown).toBeGreaterThan(0.4);
      expect(estimate / grown).toBeLessThan(2.5);
    },
    120_000,
  );
});
