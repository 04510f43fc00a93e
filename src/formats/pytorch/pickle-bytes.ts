/** The bytes of a pickle, read front to back. */

/** There are fewer bytes than the pickle needs. */
export class PickleEnds extends Error {
  override readonly name = 'PickleEnds';
  /** @param needed bytes from the start that were asked for. */
  constructor(readonly needed: number) {
    super(`a pickle needs ${needed} bytes`);
  }
}

/** What is wrong with a pickle, in words that follow "it is malformed:". */
export class PickleFault extends Error {
  override readonly name = 'PickleFault';
}

/** Longest line of the textual opcodes: names and decimal numbers. */
const MAX_LINE = 1000;
/** Longest integer in bytes; the magic number of PyTorch has ten. */
const MAX_INTEGER = 64;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class PickleBytes {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#position;
  }

  /** @throws PickleEnds when there are not so many; nothing is copied. */
  take(length: number): Buffer {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw new PickleEnds(end);
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }

  /** An unsigned number of 1, 2 or 4 bytes. */
  unsigned(size: 1 | 2 | 4): number {
    return this.take(size).readUIntLE(0, size);
  }

  signed32(): number {
    return this.take(4).readInt32LE(0);
  }

  /** A length of 8 bytes. One that no file can have ends the pickle where it is taken. */
  length64(): number {
    return Number(this.take(8).readBigUInt64LE(0));
  }

  double(): number {
    return this.take(8).readDoubleBE(0);
  }

  /** A little-endian integer in two's complement. */
  integer(length: number): number | bigint {
    if (length > MAX_INTEGER) throw new PickleFault(`an integer has ${length} bytes`);
    let value = 0n;
    for (const byte of this.take(length).toReversed()) value = (value << 8n) | BigInt(byte);
    return asNumber(BigInt.asIntN(8 * length, value));
  }

  text(length: number): string {
    try {
      return utf8.decode(this.take(length));
    } catch (error) {
      if (error instanceof PickleEnds) throw error;
      throw new PickleFault('a text is not UTF-8');
    }
  }

  /** The text up to the next line feed, without it. */
  line(): string {
    const start = this.#position;
    const near = this.#bytes.subarray(start, start + MAX_LINE + 1);
    const length = near.indexOf(0x0a);
    if (length === -1) {
      if (near.length > MAX_LINE) throw new PickleFault(`a line has more than ${MAX_LINE} bytes`);
      throw new PickleEnds(this.#bytes.length + 1);
    }
    const text = this.take(length).toString('latin1');
    this.#position += 1;
    return text;
  }

  /** A line with a decimal number, or with Python's 01 and 00 for true and false. */
  decimalOrTruth(): number | bigint | boolean {
    const start = this.#position;
    const text = this.line();
    if (text === '00' || text === '01') return text === '01';
    this.#position = start;
    return this.decimal();
  }

  /** A line with a decimal number; Python's old `L` at the end is allowed. */
  decimal(): number | bigint {
    const text = this.line();
    const digits = /^([+-]?\d{1,200})L?$/.exec(text)?.[1];
    if (digits === undefined) throw new PickleFault(`${JSON.stringify(text.slice(0, 40))} is not a number`);
    return asNumber(BigInt(digits));
  }
}

function asNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
