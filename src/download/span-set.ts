/** A set of bytes as sorted, disjoint, non-touching half-open spans. */
import type { Span } from '../core/pieces.js';

export class SpanSet {
  #spans: Span[] = [];
  #bytes = 0;

  /** Bytes in the set. */
  get bytes(): number {
    return this.#bytes;
  }

  spans(): readonly Span[] {
    return this.#spans;
  }

  add(span: Span): void {
    if (span.end <= span.start) return;
    const from = this.#firstEndingAtOrAfter(span.start);
    let to = from;
    let { start, end } = span;
    for (let next = this.#spans[to]; next !== undefined && next.start <= end; next = this.#spans[++to]) {
      start = Math.min(start, next.start);
      end = Math.max(end, next.end);
      this.#bytes -= next.end - next.start;
    }
    this.#spans.splice(from, to - from, { start, end });
    this.#bytes += end - start;
  }

  delete(span: Span): void {
    if (span.end <= span.start) return;
    const from = this.#firstEndingAtOrAfter(span.start + 1);
    let to = from;
    const kept: Span[] = [];
    for (let next = this.#spans[to]; next !== undefined && next.start < span.end; next = this.#spans[++to]) {
      if (next.start < span.start) kept.push({ start: next.start, end: span.start });
      if (next.end > span.end) kept.push({ start: span.end, end: next.end });
      this.#bytes -= next.end - next.start;
    }
    for (const part of kept) this.#bytes += part.end - part.start;
    this.#spans.splice(from, to - from, ...kept);
  }

  covers(span: Span): boolean {
    if (span.end <= span.start) return true;
    const at = this.#spans[this.#firstEndingAtOrAfter(span.start + 1)];
    return at !== undefined && at.start <= span.start && at.end >= span.end;
  }

  /** The parts of `span` that are not in the set, in order. */
  gaps(span: Span): Span[] {
    const gaps: Span[] = [];
    let position = span.start;
    for (let index = this.#firstEndingAtOrAfter(span.start + 1); position < span.end; index++) {
      const next = this.#spans[index];
      if (next === undefined || next.start >= span.end) {
        gaps.push({ start: position, end: span.end });
        break;
      }
      if (next.start > position) gaps.push({ start: position, end: next.start });
      position = next.end;
    }
    return gaps;
  }

  /** Index of the first span whose end is at or after `position`. */
  #firstEndingAtOrAfter(position: number): number {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const span = this.#spans[middle];
      if (span !== undefined && span.end < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
