import { describe, expect, it } from 'vitest';

import { SMTP_ROWS } from '../../../src/channels/email/classification.js';
import { RESEND_ROWS } from '../../../src/channels/email/providers/resend/resend-classification.js';
import { NETWORK_ROWS, networkFaultOf } from '../../../src/channels/network-errors.js';
import { TWILIO_ROWS } from '../../../src/channels/sms/classification.js';
import { classifyStatus } from '../../../src/channels/webhook/classification.js';
import type { ErrorClass, Failed, FailureScope } from '../../../src/domain/outcome.js';

/**
 * Every row of every table against a second opinion, written out here: a row that is added, lost, or leads elsewhere by a slip
 * shows. Which replies meet which row is the business of each table's own test.
 */
type Verdict = `${Failed['kind']} ${ErrorClass} ${FailureScope}`;
const verdict = ({ kind, class: errorClass, scope }: Pick<Failed, 'kind' | 'class' | 'scope'>): Verdict =>
  `${kind} ${errorClass} ${scope}`;
const asTable = (rows: readonly { why: string; then: Pick<Failed, 'kind' | 'class' | 'scope'> }[]) =>
  Object.fromEntries(rows.map(({ why, then }) => [why, verdict(then)]));

const SMTP: Record<string, Verdict> = {
  'Amazon SES: our rate or daily quota is spent': 'deferred throttled provider',
  'Gmail relay: our rate is spent': 'deferred throttled provider',
  'Gmail: our daily quota is spent': 'deferred throttled provider',
  'Exchange Online: too many connections or messages of ours': 'deferred throttled provider',
  'Gmail: the mailbox is being flooded, not closed': 'deferred slow message',
  'Amazon SES: our account or sender is not in order': 'rejected configuration provider',
  'the server is going away': 'deferred retry provider',
  'not ready to talk': 'deferred retry provider',
  'no mail service for us here': 'rejected configuration provider',
  'the login cannot be checked now': 'deferred retry provider',
  'our login is wrong': 'rejected configuration provider',
  'a login or encryption is wanted first': 'rejected configuration provider',
  'the server does not speak what we speak': 'rejected configuration provider',
  'too large for the mailbox or the system': 'rejected permanent message',
  'the mailbox is full, for good': 'rejected permanent message',
  'storage exceeded': 'rejected permanent message',
  'our sender address is refused': 'rejected configuration provider',
  'our sender is refused': 'rejected configuration provider',
  'no such mailbox or domain, or one that takes no mail': 'rejected suppress message',
  'the host takes no mail': 'rejected suppress message',
  'the mailbox is disabled': 'rejected suppress message',
  'policy, spam or authentication of our domain': 'rejected permanent message',
  'it waited too long further on': 'rejected permanent message',
  'greylisted, or held back for our reputation': 'deferred slow message',
  'the mailbox is full or held': 'deferred slow message',
  'greylisting without an enhanced code': 'deferred slow message',
  'storage is short': 'deferred slow message',
  'a passing fault': 'deferred retry message',
  refused: 'rejected permanent message',
};

const TWILIO: Record<string, Verdict> = {
  'too many requests: not processed': 'deferred throttled provider',
  'internal error: it may have been processed': 'in_doubt in_doubt provider',
  'our login or its rights are wrong': 'rejected configuration provider',
  'our account or URL does not exist': 'rejected configuration provider',
  'our account is suspended': 'rejected configuration provider',
  'our sender is not valid, not ours or cannot send': 'rejected configuration provider',
  'our messaging service has no sender': 'rejected configuration provider',
  'our sender is not registered': 'rejected configuration provider',
  'a trial account sends only to verified numbers': 'rejected configuration message',
  'this region is switched off in our account': 'rejected configuration message',
  'the recipient has opted out': 'rejected suppress message',
  'no such number': 'rejected suppress message',
  'a number that cannot receive texts': 'rejected suppress message',
  'the text is missing, too long or not allowed': 'rejected permanent message',
  'sender and recipient are the same': 'rejected permanent message',
  'blocked, or filtered by the carrier': 'rejected permanent message',
  'the handset is unreachable': 'deferred slow message',
  'our queue there is full': 'deferred slow message',
  'unknown, or a rate or daily cap of the carrier': 'deferred slow message',
};

const RESEND: Record<string, Verdict> = {
  'too many requests: not processed': 'deferred throttled provider',
  'our quota of the day is spent': 'deferred throttled provider',
  'our quota of the month is spent': 'rejected configuration provider',
  'our key is missing, wrong, suspended or may not send': 'rejected configuration provider',
  'our domain is not verified, or only tests may be sent': 'rejected configuration provider',
  'our sender is not an address': 'rejected configuration provider',
  'our URL is wrong': 'rejected configuration provider',
  'an earlier call with this key is not done': 'deferred retry message',
  'the mail is being worked on': 'deferred retry message',
  'this key was used for other content, which may have been sent': 'in_doubt permanent message',
  'no address, or one of a domain kept for examples': 'rejected suppress message',
  'the content is not what Resend takes': 'rejected permanent message',
};

/** Up to the handshake's end nothing can have left; from then on nobody knows. */
const NETWORK: Record<string, `${Failed['kind']} ${ErrorClass}`> = {
  dns_not_found: 'not_sent network',
  dns_timeout: 'not_sent network',
  dns_failed: 'not_sent network',
  connect_refused: 'not_sent network',
  connect_timeout: 'not_sent network',
  connect_reset: 'not_sent network',
  connect_unreachable: 'not_sent network',
  connect_failed: 'not_sent network',
  connect_closed: 'not_sent network',
  tls_certificate_expired: 'not_sent configuration',
  tls_certificate: 'not_sent configuration',
  tls_handshake: 'not_sent network',
  answer_timeout: 'in_doubt in_doubt',
  connection_lost: 'in_doubt in_doubt',
  answer_too_large: 'in_doubt in_doubt',
  call_cut: 'in_doubt in_doubt',
};

const WEBHOOK: Record<number, Verdict> = {
  301: 'deferred slow endpoint',
  308: 'deferred slow endpoint',
  400: 'deferred retry message',
  401: 'deferred slow endpoint',
  402: 'deferred retry message',
  403: 'deferred slow endpoint',
  404: 'deferred slow endpoint',
  405: 'deferred slow endpoint',
  408: 'deferred slow endpoint',
  410: 'rejected gone endpoint',
  413: 'deferred retry message',
  414: 'deferred retry message',
  415: 'deferred retry message',
  418: 'deferred retry message',
  422: 'deferred retry message',
  425: 'deferred slow endpoint',
  429: 'deferred throttled endpoint',
  500: 'deferred retry endpoint',
  501: 'rejected permanent endpoint',
  502: 'deferred slow endpoint',
  503: 'deferred slow endpoint',
  504: 'deferred slow endpoint',
  505: 'rejected permanent endpoint',
  507: 'deferred slow endpoint',
  522: 'deferred slow endpoint',
  524: 'deferred slow endpoint',
};

describe('every row leads where it should', () => {
  it.each([
    ['SMTP', SMTP_ROWS, SMTP],
    ['Twilio', TWILIO_ROWS, TWILIO],
    ['Resend', RESEND_ROWS, RESEND],
  ])('%s', (_, rows, expected) => {
    expect(asTable(rows)).toEqual(expected);
    expect(Object.keys(asTable(rows))).toHaveLength(rows.length);
  });

  it('the network', () => {
    const told = NETWORK_ROWS.map((row) => {
      const code = row.raw[0] ?? 'EOTHER';
      const syscall =
        row.syscall && { resolve: 'getaddrinfo', connect: 'connect' }[row.stage as 'resolve' | 'connect'];
      const { kind, class: errorClass } = networkFaultOf(Object.assign(new Error(), { code, syscall }));
      return [row.code, `${kind} ${errorClass}`];
    });
    expect(Object.fromEntries(told)).toEqual(NETWORK);
  });

  it.each(Object.entries(WEBHOOK))('a webhook’s %s', (status, expected) => {
    expect(verdict(classifyStatus(Number(status), '', undefined))).toBe(expected);
  });

  it('every webhook status that is no success has some way to go', () => {
    for (let status = 300; status < 600; status++)
      expect(classifyStatus(status, '', undefined).kind).toMatch(/^(deferred|rejected)$/);
  });
});
