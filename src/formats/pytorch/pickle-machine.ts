/**
 * Reads pickles without running them. A pickle is a program for a stack machine; of its instructions these are known
 * here which build plain values and containers, and which ask for one of the names that the caller knows. Every other
 * name and instruction ends the reading.
 *
 * The instructions are those of Python's `pickletools` (protocols 0 to 5). Those that only protocol 0 writes for
 * floats and texts are left out: PyTorch can't write tensors with it, since their persistent ids are tuples.
 *
 * Nothing here recurses, so depth is no danger, and values that hold themselves are harmless: they are references.
 */
import { ZooError } from '../../core/errors.js';
import { malformed } from '../../registry/describe/description.js';
import { type PickleBytes, PickleFault } from './pickle-bytes.js';
import { type KnownGlobal, type PickleDict, PickleTuple, type PickleValue } from './pickle-values.js';

export interface PickleOptions {
  /** The file, for messages. */
  readonly path: string;
  /** The names that the pickle may ask for, as `module.name`. */
  readonly globals: ReadonlyMap<string, KnownGlobal>;
  /** What a persistent id stands for. @throws PickleFault for one that makes no sense. */
  readonly persistent?: (id: PickleValue) => PickleValue;
}

/** Instructions of one pickle: a state dict has about 40 a tensor. Each makes at most one container. */
const MAX_INSTRUCTIONS = 1_000_000;

/**
 * Reads one pickle up to its end.
 * @throws ZooError `INTEGRITY` for an unknown name, which it says, and for everything that is no pickle of plain values;
 * PickleEnds when there are not enough bytes.
 */
export function readPickle(bytes: PickleBytes, options: PickleOptions): PickleValue {
  try {
    return new PickleMachine(bytes, options).run();
  } catch (error) {
    if (!(error instanceof PickleFault)) throw error;
    throw malformed(options.path, error.message);
  }
}

type Instruction = (machine: PickleMachine) => void;

class PickleMachine {
  readonly bytes: PickleBytes;
  readonly #options: PickleOptions;
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #left = MAX_INSTRUCTIONS;

  constructor(bytes: PickleBytes, options: PickleOptions) {
    this.bytes = bytes;
    this.#options = options;
  }

  run(): PickleValue {
    for (;;) {
      this.#spend(1);
      const code = this.bytes.unsigned(1);
      if (code === STOP) return this.pop();
      const instruction = INSTRUCTIONS[code];
      if (instruction === undefined) {
        throw new PickleFault(
          `the pickle has the instruction 0x${code.toString(16)}, which weights do not need`,
        );
      }
      instruction(this);
    }
  }

  /** Calls that copy are paid for as the instructions are that would have built the copy. */
  readonly #spend = (steps: number): void => {
    this.#left -= steps;
    if (this.#left < 0) throw new PickleFault(`the pickle has more than ${MAX_INSTRUCTIONS} instructions`);
  };

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  /** Never below the last mark. */
  pop(): PickleValue {
    const value = this.#stack.length > (this.#marks.at(-1) ?? 0) ? this.#stack.pop() : undefined;
    if (value === undefined) throw new PickleFault('the pickle takes more than it has put on its stack');
    return value;
  }

  top(): PickleValue {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** What was put down since the last mark. */
  popMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw new PickleFault('the pickle goes back to a mark that it has not set');
    return this.#stack.splice(mark);
  }

  remember(place: number | bigint): void {
    this.#memo.set(Number(place), this.top());
  }

  memoize(): void {
    this.#memo.set(this.#memo.size, this.top());
  }

  recall(place: number | bigint): void {
    const value = this.#memo.get(Number(place));
    if (value === undefined) throw new PickleFault(`the pickle reads its memo at ${place}, where nothing is`);
    this.push(value);
  }

  persistent(): void {
    const load = this.#options.persistent;
    if (load === undefined) throw new PickleFault('the pickle refers to something outside of it');
    this.push(load(this.pop()));
  }

  global(module: string, name: string): void {
    const full = `${module}.${name}`;
    const known = this.#options.globals.get(full);
    if (known === undefined) throw refusedGlobal(this.#options.path, full);
    this.push(known);
  }

  /** What only Python 2's old classes were written with: read for the name that it asks for. */
  instance(): void {
    this.global(this.bytes.line(), this.bytes.line());
    throw new PickleFault('the pickle makes an instance of a class, which weights do not need');
  }

  globalFromStack(): void {
    const name = this.pop();
    const module = this.pop();
    if (typeof name !== 'string' || typeof module !== 'string') {
      throw new PickleFault('the pickle asks for a name that is not a text');
    }
    this.global(module, name);
  }

  reduce(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(args instanceof PickleTuple))
      throw new PickleFault('the pickle passes something other than a tuple');
    if (!isGlobal(callee) || !('call' in callee.meaning)) {
      throw new PickleFault('the pickle calls something that is no function');
    }
    this.push(callee.meaning.call(args.items, this.#spend));
  }

  /** Attributes of a dictionary, such as PyTorch's `_metadata`, are left out; nothing else has any. */
  build(): void {
    this.pop();
    dictionary(this.top());
  }

  dictItems(items: readonly PickleValue[]): void {
    setItems(dictionary(this.top()), items);
  }

  listItems(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw new PickleFault('the pickle appends to something that is no list');
    for (const item of items) list.push(item);
  }

  setMembers(items: readonly PickleValue[]): void {
    const set = this.top();
    if (!(set instanceof Set)) throw new PickleFault('the pickle adds to something that is no set');
    for (const item of items) set.add(hashable(item));
  }
}

function isGlobal(value: PickleValue): value is KnownGlobal {
  return typeof value === 'object' && value !== null && 'meaning' in value;
}

function dictionary(value: PickleValue): PickleDict {
  if (value instanceof Map) return value;
  throw new PickleFault('the pickle puts entries into something that is no dictionary');
}

function setItems(dict: PickleDict, items: readonly PickleValue[]): PickleDict {
  if (items.length % 2 !== 0) throw new PickleFault('a dictionary has a key without a value');
  for (let index = 0; index < items.length; index += 2) {
    dict.set(hashable(items[index] ?? null), items[index + 1] ?? null);
  }
  return dict;
}

function hashable(key: PickleValue): PickleValue {
  if (typeof key !== 'object' || key === null || key instanceof PickleTuple) return key;
  throw new PickleFault('a container stands where a key or member must be');
}

function refusedGlobal(path: string, name: string): ZooError {
  const shown = JSON.stringify(name.slice(0, 200)).slice(1, -1);
  return new ZooError(
    'INTEGRITY',
    `${path} asks for ${shown}, which is no part of weights; nothing was run`,
    {
      expected: 'tensors, numbers, texts and containers',
      found: shown,
      hint: 'A pickle that asks for more can run any program where it is loaded. Get the weights as a state dict or as safetensors.',
    },
  );
}

const STOP = 0x2e;

/** Named as in `pickletools`. */
const INSTRUCTIONS: Readonly<Record<number, Instruction>> = {
  // Stack and memo
  40: (machine) => machine.mark(),
  48: (machine) => void machine.pop(),
  49: (machine) => void machine.popMark(),
  50: (machine) => machine.push(machine.top()),
  103: (machine) => machine.recall(machine.bytes.decimal()),
  104: (machine) => machine.recall(machine.bytes.unsigned(1)),
  106: (machine) => machine.recall(machine.bytes.unsigned(4)),
  112: (machine) => machine.remember(machine.bytes.decimal()),
  113: (machine) => machine.remember(machine.bytes.unsigned(1)),
  114: (machine) => machine.remember(machine.bytes.unsigned(4)),
  148: (machine) => machine.memoize(),
  // PROTO and FRAME say nothing that matters here.
  128: ({ bytes }) => {
    const protocol = bytes.unsigned(1);
    if (protocol > 5) throw new PickleFault(`it is a pickle of protocol ${protocol}; 0 to 5 are known`);
  },
  149: ({ bytes }) => void bytes.length64(),
  // NONE, NEWTRUE, NEWFALSE and numbers
  78: (machine) => machine.push(null),
  136: (machine) => machine.push(true),
  137: (machine) => machine.push(false),
  73: (machine) => machine.push(machine.bytes.decimalOrTruth()),
  74: (machine) => machine.push(machine.bytes.signed32()),
  75: (machine) => machine.push(machine.bytes.unsigned(1)),
  77: (machine) => machine.push(machine.bytes.unsigned(2)),
  76: (machine) => machine.push(machine.bytes.decimal()),
  138: (machine) => machine.push(machine.bytes.integer(machine.bytes.unsigned(1))),
  139: (machine) => machine.push(machine.bytes.integer(machine.bytes.unsigned(4))),
  71: (machine) => machine.push(machine.bytes.double()),
  // Texts; those of Python 2 are bytes.
  84: (machine) => machine.push(machine.bytes.take(machine.bytes.unsigned(4)).toString('latin1')),
  85: (machine) => machine.push(machine.bytes.take(machine.bytes.unsigned(1)).toString('latin1')),
  88: (machine) => machine.push(machine.bytes.text(machine.bytes.unsigned(4))),
  140: (machine) => machine.push(machine.bytes.text(machine.bytes.unsigned(1))),
  141: (machine) => machine.push(machine.bytes.text(machine.bytes.length64())),
  // Bytes
  66: (machine) => machine.push(machine.bytes.take(machine.bytes.unsigned(4))),
  67: (machine) => machine.push(machine.bytes.take(machine.bytes.unsigned(1))),
  142: (machine) => machine.push(machine.bytes.take(machine.bytes.length64())),
  150: (machine) => machine.push(machine.bytes.take(machine.bytes.length64())),
  // Containers
  41: (machine) => machine.push(new PickleTuple([])),
  116: (machine) => machine.push(new PickleTuple(machine.popMark())),
  133: (machine) => machine.push(new PickleTuple([machine.pop()])),
  134: (machine) => machine.push(new PickleTuple([machine.pop(), machine.pop()].reverse())),
  135: (machine) => machine.push(new PickleTuple([machine.pop(), machine.pop(), machine.pop()].reverse())),
  93: (machine) => machine.push([]),
  108: (machine) => machine.push(machine.popMark()),
  97: (machine) => machine.listItems([machine.pop()]),
  101: (machine) => machine.listItems(machine.popMark()),
  125: (machine) => machine.push(new Map()),
  100: (machine) => machine.push(setItems(new Map(), machine.popMark())),
  115: (machine) => machine.dictItems([machine.pop(), machine.pop()].reverse()),
  117: (machine) => machine.dictItems(machine.popMark()),
  143: (machine) => machine.push(new Set()),
  144: (machine) => machine.setMembers(machine.popMark()),
  145: (machine) => machine.push(new Set(machine.popMark().map(hashable))),
  // Names, calls, attributes and persistent ids
  99: (machine) => machine.global(machine.bytes.line(), machine.bytes.line()),
  105: (machine) => machine.instance(),
  147: (machine) => machine.globalFromStack(),
  82: (machine) => machine.reduce(),
  98: (machine) => machine.build(),
  81: (machine) => machine.persistent(),
};
