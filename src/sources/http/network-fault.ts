/** Errors of sockets, TLS and the HTTP parser as faults that say what helps. */
import { isSystemError } from '../../core/errors.js';
import { SourceFault } from '../remote-file.js';

/** Another try may well succeed, here or elsewhere. */
const PASSING = new Map([
  ['ECONNRESET', 'the connection was reset'],
  ['ECONNREFUSED', 'the connection was refused'],
  ['ECONNABORTED', 'the connection was aborted'],
  ['EPIPE', 'the connection was closed'],
  ['ETIMEDOUT', 'the connection timed out'],
  ['EHOSTUNREACH', 'the host is unreachable'],
  ['ENETUNREACH', 'the network is unreachable'],
  ['EAI_AGAIN', 'the name server does not answer'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connecting took too long'],
  ['UND_ERR_HEADERS_TIMEOUT', 'no answer in time'],
  ['UND_ERR_BODY_TIMEOUT', 'the server stopped sending'],
  ['UND_ERR_SOCKET', 'the connection broke'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'the body has another length than announced'],
  ['UND_ERR_RESPONSE', 'the answer broke off'],
]);

/**
 * @param label names the source; neither the address nor a header ever becomes part of the message.
 */
export function networkFault(label: string, error: unknown): SourceFault {
  if (error instanceof SourceFault) return error;
  const code = errorCode(error);
  const passing = PASSING.get(code);
  if (passing !== undefined) return new SourceFault('broken', `${label}: ${passing}`, { cause: error });
  if (code === 'ENOTFOUND') {
    return new SourceFault('refused', `${label}: there is no such host`, { cause: error });
  }
  if (isTlsCode(code)) {
    return new SourceFault('refused', `${label}: the certificate is not trusted (${code})`, { cause: error });
  }
  const tunnel = error instanceof Error && /^Proxy response \((\d{3})\)/.exec(error.message);
  if (tunnel) {
    const kind = tunnel[1]?.startsWith('5') ? 'broken' : 'refused';
    return new SourceFault(kind, `${label}: the proxy answered ${tunnel[1]}`, { cause: error });
  }
  if (error instanceof Error && /\(407\)/.test(error.message)) {
    return new SourceFault('refused', `${label}: the proxy asks for a password`, { cause: error });
  }
  if (code.startsWith('HPE_')) {
    return new SourceFault('broken', `${label}: the answer is not HTTP (${code})`, { cause: error });
  }
  return new SourceFault('broken', `${label}: the request failed${code === '' ? '' : ` (${code})`}`, {
    cause: error,
  });
}

function errorCode(error: unknown): string {
  if (isSystemError(error)) return error.code;
  // Happy eyeballs wraps the failures of all addresses of a host.
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  if (error instanceof Error && error.cause !== undefined) return errorCode(error.cause);
  return '';
}

function isTlsCode(code: string): boolean {
  return (
    code.startsWith('CERT_') ||
    code.startsWith('ERR_TLS_') ||
    code.startsWith('ERR_SSL_') ||
    code.startsWith('UNABLE_TO_') ||
    code === 'UND_ERR_PRX_TLS' ||
    code === 'EPROTO' ||
    code.includes('SELF_SIGNED')
  );
}
