/**
 * Holds each connection to a rate, as a thin line to a far server does. nginx's `limit_rate` can't stand in for
 * that: it counts per request and lets the first second's worth through at once, so that a client asking for
 * ranges smaller than that would not be limited at all.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Bytes that may pass at once after a pause: about one read, so that timers that fire late lose nothing. */
const BURST = 128 * 1024;

/** Passes connections on to `target` (a loopback port), each at most `rate` bytes a second towards the client. */
export async function startShaper(target, rate) {
  const sockets = new Set();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroySoon();
      });
    }
    client.pipe(upstream);
    shape(upstream, client, rate);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  return { port: server.address().port, stop };
}

function shape(from, to, rate) {
  /** When all that has passed so far is due, in ms of `performance.now()`. */
  let due = 0;
  let full = false;
  let early = false;
  const resume = () => {
    if (!full && !early) from.resume();
  };
  from.on('data', (chunk) => {
    const now = performance.now();
    due = Math.max(due, now - (BURST / rate) * 1000) + (chunk.length / rate) * 1000;
    full = !to.write(chunk);
    early = due > now;
    if (!full && !early) return;
    from.pause();
    if (full) {
      to.once('drain', () => {
        full = false;
        resume();
      });
    }
    if (early) {
      setTimeout(() => {
        early = false;
        resume();
      }, due - now);
    }
  });
  from.on('end', () => to.end());
}
