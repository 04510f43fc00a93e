/**
 * Keeps undici 7 alive when a server closes a connection while the reader of the body is behind. Its parser is
 * paused then, and throws an AssertionError out of the socket's `end` event that nobody can catch
 * (nodejs/undici#5360; mended in undici 8 only, which needs Node 22). So the end is held back until the parser has
 * gone on. Where undici names things differently the socket is left as it is.
 */
import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';

/** A connector whose sockets hold back their end. */
export function holdingEnd(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...result) => {
      if (result[1]) holdEnd(result[1]); // undici leaves it out when it could not connect
      callback(...result);
    });
  };
}

function holdEnd(socket: Socket): void {
  const emit = socket.emit.bind(socket);
  const read = socket.read.bind(socket);
  let held = false;

  socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event === 'end' && isParserPaused(socket)) {
      held = true;
      // Otherwise Node closes the connection now, and a parser doesn't go on over a closed one.
      socket.allowHalfOpen = true;
      return true;
    }
    // A reset is taken for an end, with the same assertion, unless it has another name.
    if (event === 'error' && isParserPaused(socket) && isReset(args[0])) {
      return emit('error', Object.assign(new Error(args[0].message), { code: 'EPIPE' }));
    }
    return emit(event, ...args);
  };

  // The parser reads whenever it goes on; when it finds nothing more, the end is due.
  socket.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    if (held && chunk === null) {
      queueMicrotask(() => {
        if (!held || isParserPaused(socket)) return;
        held = false;
        emit('end');
      });
    }
    return chunk;
  };
}

/** undici keeps the parser of a socket under a symbol of its own. */
function isParserPaused(socket: Socket): boolean {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser');
  if (symbol === undefined) return false;
  const parser: unknown = Reflect.get(socket, symbol);
  return typeof parser === 'object' && parser !== null && 'paused' in parser && parser.paused === true;
}

function isReset(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}
