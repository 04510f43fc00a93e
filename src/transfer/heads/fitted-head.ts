/** A head with its numbers: what gives answers, and what is saved. */
import { ZooError } from '../../core/errors.js';
import type { Weights } from '../../formats/weight.js';
import { unitLength } from './dense.js';
import type { Head } from './head.js';

export class FittedHead {
  readonly head: Head;
  /** Length of a feature vector. */
  readonly width: number;
  /** For features as the backbone gives them: standardising is folded in. */
  readonly parameters: Weights;

  /** @throws ZooError `INTEGRITY` for parameters that are not those of the head, or are no finite numbers. */
  constructor(head: Head, width: number, parameters: Weights) {
    checkParameters(head, width, parameters);
    this.head = head;
    this.width = width;
    this.parameters = parameters;
  }

  /**
   * Probabilities over the labels (softmax), of each label (sigmoid), or values.
   * @param features [examples, width], row-major, as the backbone gives them.
   * @returns [examples, outputs].
   * @throws ZooError `DATA` for another number of features.
   */
  scores(features: Float32Array, examples: number): Float32Array {
    const { head, width, parameters } = this;
    if (features.length !== examples * width) {
      throw new ZooError('DATA', 'These are not the features that the head was made for', {
        expected: `${examples} x ${width} numbers`,
        found: features.length,
        hint: 'The same backbone, cut and pooling must be used as in training.',
      });
    }
    const scaled = head.scaling === 'unit-length' ? unitLength(features, examples, width) : features;
    return head.scores(parameters, scaled, examples, width);
  }

  /** Numbers in it. */
  get size(): number {
    return [...this.parameters.values()].reduce((sum, { data }) => sum + data.length, 0);
  }
}

function checkParameters(head: Head, width: number, parameters: Weights): void {
  const shapes = head.shapes(width);
  const wrong = (name: string, expected: string, found: string) =>
    new ZooError('INTEGRITY', `The tensor ${JSON.stringify(name)} does not belong to a ${head.kind} head`, {
      expected,
      found,
    });
  for (const [name, { shape, data }] of parameters) {
    const expected = shapes.get(name);
    if (expected === undefined) throw wrong(name, [...shapes.keys()].join(', '), 'another tensor');
    const fits =
      shape.length === expected.length &&
      expected.every((size, axis) => size === null || size === shape[axis]);
    if (!fits || data.length !== shape.reduce((product, size) => product * size, 1)) {
      throw wrong(
        name,
        `[${expected.map((size) => size ?? 'any').join(', ')}]`,
        `[${shape.join(', ')}] with ${data.length} numbers`,
      );
    }
    if (!data.every(Number.isFinite)) throw wrong(name, 'finite numbers', 'infinite ones, or none');
  }
  for (const [name, shape] of shapes) {
    if (!parameters.has(name))
      throw wrong(name, `[${shape.map((size) => size ?? 'any').join(', ')}]`, 'none');
  }
}
