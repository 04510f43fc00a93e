/**
 * Which bytes a connection asks for next. Pure bookkeeping, no I/O.
 *
 * Every byte goes through three states: missing, claimed (a connection has received it and writes it), written.
 * A byte is claimed once, so two connections that race never write the same place, and each byte has exactly one
 * supplier. Ranges end at the borders of pieces, begin at the lowest missing byte (the whole-file hash follows
 * the finished prefix), and neighbouring missing pieces are merged into one request.
 */
import { pieceCount, pieceSpan, type Span } from '../core/pieces.js';
import { SpanSet } from './span-set.js';

interface Assignment {
  position: number;
  readonly end: number;
}

export class RangePlanner {
  readonly #claimed = new SpanSet();
  readonly #written = new SpanSet();
  readonly #assigned = new Map<number, Assignment>();
  /** 1 where a piece has been reported complete. */
  readonly #complete: Uint8Array;

  constructor(
    readonly size: number,
    readonly pieceSize: number,
  ) {
    this.#complete = new Uint8Array(pieceCount(size, pieceSize));
  }

  get pieces(): number {
    return this.#complete.length;
  }

  span(piece: number): Span {
    return pieceSpan(piece, this.size, this.pieceSize);
  }

  /** Bytes that no connection has received yet. */
  get missing(): number {
    return this.size - this.#claimed.bytes;
  }

  /** Marks a piece that is on disk already. */
  keep(piece: number): void {
    this.#claimed.add(this.span(piece));
    this.#written.add(this.span(piece));
    this.#complete[piece] = 1;
  }

  /** Forgets a piece whose bytes are wrong; it is missing again. */
  drop(piece: number): void {
    this.#claimed.delete(this.span(piece));
    this.#written.delete(this.span(piece));
    this.#complete[piece] = 0;
  }

  /**
   * The next range, or undefined when every byte that may be taken is claimed or asked for already.
   * @param mostPieces borders of pieces that the range may reach, at least 1.
   * @param mayTake false for pieces that must come from elsewhere.
   */
  next(mostPieces: number, mayTake: (piece: number) => boolean = () => true): Span | undefined {
    for (const gap of this.#unassigned()) {
      let start = gap.start;
      while (start < gap.end) {
        const first = Math.floor(start / this.pieceSize);
        if (!mayTake(first)) {
          start = this.span(first).end;
          continue;
        }
        let last = first;
        while (last + 1 < first + mostPieces && this.span(last + 1).start < gap.end && mayTake(last + 1))
          last++;
        return { start, end: Math.min(gap.end, this.span(last).end) };
      }
    }
    return undefined;
  }

  /** Gives a connection its range. Ranges may overlap: that is a race. */
  assign(connection: number, span: Span): void {
    this.#assigned.set(connection, { position: span.start, end: span.end });
  }

  /** What a connection still has to receive. */
  rest(connection: number): Span | undefined {
    const assignment = this.#assigned.get(connection);
    return assignment && { start: assignment.position, end: assignment.end };
  }

  /** True when others have received what this connection would receive next: it is of no more use. */
  isOvertaken(connection: number): boolean {
    const assignment = this.#assigned.get(connection);
    if (assignment === undefined || assignment.position >= assignment.end) return false;
    return this.#claimed.covers({ start: assignment.position, end: assignment.position + 1 });
  }

  /** Ends an assignment; what it has not claimed is missing again. */
  release(connection: number): void {
    this.#assigned.delete(connection);
  }

  /** A connection has received `span`: returns the parts that it must write, since nobody else has them. */
  claim(connection: number, span: Span): Span[] {
    const assignment = this.#assigned.get(connection);
    if (assignment) assignment.position = Math.max(assignment.position, span.end);
    const parts = this.#claimed.gaps(span);
    for (const part of parts) this.#claimed.add(part);
    return parts;
  }

  /** `span` is on disk: returns the pieces that became complete by it. */
  written(span: Span): number[] {
    this.#written.add(span);
    const complete: number[] = [];
    for (let piece = Math.floor(span.start / this.pieceSize); piece * this.pieceSize < span.end; piece++) {
      if (this.#complete[piece] === 0 && this.#written.covers(this.span(piece))) {
        this.#complete[piece] = 1;
        complete.push(piece);
      }
    }
    return complete;
  }

  /**
   * Where a further connection best helps one that is at work, when nothing else is left to ask for: the second
   * half of what it still has to do, or all of it when it is silent.
   * @param silent true when the connection doesn't seem to deliver.
   */
  raceSpan(connection: number, silent: boolean): Span | undefined {
    const rest = this.rest(connection);
    if (rest === undefined) return undefined;
    const gaps = this.#claimed.gaps(rest);
    const start = gaps[0]?.start;
    const end = gaps.at(-1)?.end;
    if (start === undefined || end === undefined) return undefined;
    return { start: silent ? start : start + Math.floor((end - start) / 2), end };
  }

  #unassigned(): Span[] {
    const busy = new SpanSet();
    for (const { position, end } of this.#assigned.values()) busy.add({ start: position, end });
    return this.#claimed.gaps({ start: 0, end: this.size }).flatMap((gap) => busy.gaps(gap));
  }
}
