/** Every number that bounds a transfer, with its reason. Times are in milliseconds, sizes in bytes. */
import { PIECE_SIZE } from '../core/pieces.js';

export interface TransferLimits {
  /** Span with a hash of its own; must be the size that the cards' pieces were made with. */
  readonly pieceSize: number;

  /** Connections to a host before anything has been measured: polite, and enough for most links. */
  readonly connectionsAtStart: number;
  /** Beyond 16 office networks suffer and CDNs answer 429. */
  readonly mostConnections: number;
  /** Span over which throughput is compared before and after adding connections. */
  readonly growthWindowMs: number;
  /** Longest wait for all new connections to deliver before they are judged; a TLS start takes 3 round trips. */
  readonly growthSettleMs: number;
  /** Pause before more connections are tried again where they brought nothing. */
  readonly growthRetryMs: number;

  /** Files up to this size, and up to one piece, are kept in memory until they are verified; no journal. */
  readonly smallBytes: number;
  /** Neighbouring pieces asked for at once, at most: what a stalled or wrong answer can hold up. */
  readonly mostPiecesPerRequest: number;
  /** Sources of one file read at the same time. */
  readonly mostSourcesAtOnce: number;
  /** A further source joins when the ones at work need longer than this for the rest. */
  readonly joinSourceAfterMs: number;

  /** When nothing is left to ask for, a connection that needs longer than this for its rest gets help. */
  readonly raceAfterMs: number;
  /** Less than this isn't worth another request. */
  readonly leastRaced: number;
  /** Bytes that racing may fetch twice, as a part of the file. */
  readonly mostRaced: number;

  /** Longest silence of a connection. Libraries wait 300 s, which people take for a hang. */
  readonly stallMs: number;
  /** Age at which a connection's speed is compared with its siblings'; start-up is over by then. */
  readonly slowAfterMs: number;
  /** A connection below this part of the median speed of its siblings is given up. */
  readonly slowRatio: number;
  /** Longest time that looking a source up may take. */
  readonly openMs: number;

  /** First back-off; doubles with each failure in a row; the wait is a random part of it. */
  readonly backoffMs: number;
  readonly mostBackoffMs: number;
  /** A server that asks for a longer pause than this is left. */
  readonly mostRetryAfterMs: number;
  /** Failures in a row, without `progressBytes` in between, after which a source is left. */
  readonly attemptsPerSource: number;
  /** Bytes that show that a source works in spite of a broken connection. */
  readonly progressBytes: number;
  /** Wrong answers and wrong pieces after which a source is left. */
  readonly wrongsPerSource: number;
  /** Times that one piece may be fetched. */
  readonly attemptsPerPiece: number;
  /** A transfer without any new byte for so long ends. */
  readonly noProgressMs: number;

  /** Bytes gathered before they are written at once: few system calls, little memory a connection. */
  readonly writeBytes: number;
  /** Least time between two reports of progress. */
  readonly progressMs: number;
  /** Threads that hash; more than four only wait for memory. */
  readonly mostHashThreads: number;
  /** Small files being synced to disk at the same time; bounds memory, and lets the disk join the syncs. */
  readonly mostSmallWrites: number;
}

export const DEFAULT_LIMITS: TransferLimits = {
  pieceSize: PIECE_SIZE,
  connectionsAtStart: 4,
  mostConnections: 16,
  growthWindowMs: 250,
  growthSettleMs: 1_000,
  growthRetryMs: 5_000,
  smallBytes: 4 * 1024 * 1024,
  mostPiecesPerRequest: 8,
  mostSourcesAtOnce: 3,
  joinSourceAfterMs: 2_000,
  raceAfterMs: 500,
  leastRaced: 128 * 1024,
  mostRaced: 0.04,
  stallMs: 15_000,
  slowAfterMs: 5_000,
  slowRatio: 0.1,
  openMs: 60_000,
  backoffMs: 500,
  mostBackoffMs: 30_000,
  mostRetryAfterMs: 120_000,
  attemptsPerSource: 6,
  progressBytes: 256 * 1024,
  wrongsPerSource: 3,
  attemptsPerPiece: 8,
  noProgressMs: 300_000,
  writeBytes: 1 << 20,
  progressMs: 50,
  mostHashThreads: 4,
  mostSmallWrites: 16,
};
