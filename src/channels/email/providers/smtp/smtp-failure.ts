import { type Failed, failed, internalFault } from '../../../../domain/outcome.js';
import { type NetworkFault, networkFaultOf } from '../../../network-errors.js';
import { sanitisedDetail } from '../../../sanitised-detail.js';
import { classifySmtpReply, parseSmtpReply } from '../../classification.js';

/** What is known about a send besides its error. */
export interface SendState {
  /** The last byte of the body was handed to the connection. */
  isBodyOut: boolean;
  cutBy: 'deadline' | 'shutdown' | undefined;
}

/** nodemailer's error: its own code, and the socket's or the server's words where there are any. */
interface SmtpError {
  code?: string;
  originalCode?: string;
  command?: string;
  response?: string;
  syscall?: string;
  timeoutType?: string;
}

/**
 * In doubt exactly when the body had ended and no refusal came. A refusal counts in both stages; without one, nothing
 * that happens before the body has ended can have delivered a mail, not even a bug of ours.
 */
export function smtpFailure(error: unknown, state: SendState, hidden: readonly string[]): Failed {
  const known = error as SmtpError;
  const reply = parseSmtpReply(known.response ?? '', known.command ?? '');
  if (reply) return classifySmtpReply(reply, hidden);
  return state.isBodyOut ? inDoubt(known, state) : notSent(error, state, hidden);
}

function inDoubt(error: SmtpError, state: SendState): Failed {
  const [code, detail] = wordsInDoubt(error, state);
  // Our own shutdown says nothing about the provider.
  return failed('in_doubt', {
    class: 'in_doubt',
    code,
    detail,
    scope: state.cutBy === 'shutdown' ? 'message' : 'provider',
  });
}

function wordsInDoubt(error: SmtpError, state: SendState): [code: string, detail: string] {
  if (state.cutBy === 'shutdown')
    return ['smtp_cut', 'This process stopped before the complete mail was answered.'];
  if (state.cutBy === 'deadline' || error.code === 'ETIMEDOUT') {
    return ['smtp_answer_timeout', 'The complete mail was not answered in time.'];
  }
  if (error.response !== undefined || error.code === 'EPROTOCOL') {
    return ['smtp_answer_unparsable', 'The answer to the complete mail was neither yes nor no.'];
  }
  return ['smtp_answer_lost', 'The connection was lost before the complete mail was answered.'];
}

/** Faults of ours: the mail never got as far as the wire. */
const OURS = new Set([
  'EENVELOPE',
  'EMESSAGE',
  'ESTREAM',
  'ECONFIG',
  'EMAXRECIPIENTS',
  'EFILEACCESS',
  'EURLACCESS',
  'ERR_ACCESS_DENIED',
]);

function notSent(error: unknown, state: SendState, hidden: readonly string[]): Failed {
  const known = error as SmtpError;
  if (state.cutBy === 'shutdown') return notCalled('This process stopped before the mail was sent.');
  if (state.cutBy === 'deadline')
    return network('smtp_timeout', 'The mail could not be handed over in time.');
  if (known.code === undefined) return internalFault('smtp_bug', sanitisedDetail(String(error), hidden));
  if (OURS.has(known.code))
    return internalFault('smtp_refused_locally', `The mail could not be built (${known.code}).`);
  if (known.code === 'EAUTH' || known.code === 'ENOAUTH') {
    return failed('rejected', {
      class: 'configuration',
      code: 'smtp_auth',
      detail: 'No login the server offers could be used.',
      scope: 'provider',
    });
  }
  return connectionFailure(error, known);
}

function connectionFailure(error: unknown, known: SmtpError): Failed {
  const fault = networkFaultOf({
    ...(error as object),
    message: (error as Error).message,
    code: known.originalCode ?? known.code,
  });
  if (fault.kind === 'not_sent') return toFailed(fault);
  const [code, detail] =
    CONNECTION_WORDS[known.timeoutType ?? known.code ?? ''] ?? CONNECTION_WORDS['ECONNECTION']!;
  return network(code, detail);
}

/** By nodemailer's timeoutType, else its code. */
const CONNECTION_WORDS: Record<string, [code: string, detail: string]> = {
  CONNECT_TIMEOUT: ['connect_timeout', 'The connection was not made in time.'],
  GREETING_TIMEOUT: ['smtp_greeting_timeout', 'The server did not greet in time.'],
  UPGRADE_TIMEOUT: ['tls_handshake', 'The TLS handshake was not done in time.'],
  SOCKET_TIMEOUT: ['smtp_timeout', 'The server fell silent before the mail was complete.'],
  EDNS: ['dns_failed', 'The host name could not be resolved.'],
  ETLS: ['tls_handshake', 'The TLS handshake failed.'],
  EPROTOCOL: ['smtp_protocol', 'The server did not speak SMTP.'],
  ECONNECTION: ['smtp_connection_lost', 'The connection was lost before the mail was complete.'],
};

const network = (code: string, detail: string): Failed =>
  failed('not_sent', { class: 'network', code, detail, scope: 'provider' });

const toFailed = (fault: NetworkFault): Failed =>
  failed(fault.kind, { class: fault.class, code: fault.code, detail: fault.detail, scope: 'provider' });

/** Nobody's failure: class `lease` consumes no attempt. */
export const notCalled = (detail: string): Failed =>
  failed('not_sent', { class: 'lease', code: 'not_called', detail, scope: 'message' });
