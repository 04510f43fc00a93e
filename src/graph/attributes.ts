/** Attributes between the binding, which sets them on an operation, and a graph, which keeps them. */
import type { NativeAttribute } from './binding.js';
import type { Attribute, Attributes } from './graph.js';

/** `TF_AttrType` of TensorFlow's C interface. */
const ATTR = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5 } as const;

/**
 * What the binding can do without as it sees the inputs, and a graph must say: the attribute that is the type of the
 * first input.
 */
const TYPE_OF_FIRST_INPUT: Readonly<Record<string, string>> = { ExpandDims: 'T', Where: 'T' };

/** @returns undefined for a kind of attribute that is not known. */
export function readAttribute({ type, value }: NativeAttribute): Attribute | undefined {
  if (Array.isArray(value)) {
    if (type === ATTR.shape) return { kind: 'shape', value: value.map(Number) };
    if (type === ATTR.int) return { kind: 'ints', value: value.map(Number) };
    if (type === ATTR.float) return { kind: 'floats', value: value.map(Number) };
    if (type === ATTR.bool) return { kind: 'bools', value: value.map(Boolean) };
    return undefined;
  }
  if (type === ATTR.string && typeof value === 'string') return { kind: 'string', value };
  if (type === ATTR.bool && typeof value === 'boolean') return { kind: 'bool', value };
  if (typeof value !== 'number') return undefined;
  if (type === ATTR.int) return { kind: 'int', value };
  if (type === ATTR.float) return { kind: 'float', value };
  if (type === ATTR.type) return { kind: 'type', value };
  return undefined;
}

/** Adds the types that the binding finds out by itself. */
export function completeAttributes(
  operation: string,
  attributes: Attributes,
  firstType: number | undefined,
): Attributes {
  const name = TYPE_OF_FIRST_INPUT[operation];
  if (name === undefined || firstType === undefined || name in attributes) return attributes;
  return { ...attributes, [name]: { kind: 'type', value: firstType } };
}

const KINDS = {
  string: ATTR.string,
  int: ATTR.int,
  ints: ATTR.int,
  float: ATTR.float,
  floats: ATTR.float,
  bool: ATTR.bool,
  bools: ATTR.bool,
  type: ATTR.type,
  shape: ATTR.shape,
} as const;

/** The way back, to run a node by itself. */
export function nativeAttributes(attributes: Attributes): NativeAttribute[] {
  return Object.entries(attributes).map(([name, { kind, value }]) => ({ name, type: KINDS[kind], value }));
}

export function sameAttributes(a: Attributes, b: Attributes): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]))
  );
}
