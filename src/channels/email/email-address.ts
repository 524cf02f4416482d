import { domainToASCII } from 'node:url';

/**
 * One mailbox, and nothing that a mail library could take for more: `a@b.c, d@e.f`, `Ada <a@b.c>` and
 * `a@b.c\r\nRCPT TO:<…>` are all refused here, because further down strings are parsed again.
 *
 * Taken: a dot-atom in ASCII, at most 64 octets; a domain name of two labels or more, lower-cased, IDN as punycode; 254
 * octets together. Not taken: comments, address literals, local parts beyond ASCII (few relays speak SMTPUTF8), quoted
 * local parts (no mailbox of a person has one, and mail libraries have sent them to the wrong domain).
 * Sources: RFC 5321 §4.1.2 (grammar), §4.5.3.1 (sizes); RFC 5890 §2.3.2.1 (labels); erratum 1690 of RFC 3696 (254).
 */
const MAX_OCTETS = 254;
const MAX_LOCAL_OCTETS = 64;

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const DOT_ATOM = new RegExp(`^${ATOM}(?:\\.${ATOM})*$`);
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** What an IDN may contain before it is converted; the converter itself lets `%`, `/` and more pass. */
const DOMAIN_CHARACTERS = /^[\p{L}\p{M}\p{N}.。-]+$/u;

export type ParsedAddress = { address: string } | { fault: string };

export function parseEmailAddress(to: string): ParsedAddress {
  if (/[\u0000-\u001f\u007f]/.test(to)) return { fault: 'must not contain control characters' };
  if (to.length > MAX_OCTETS) return { fault: `must be at most ${MAX_OCTETS} characters` };
  const at = to.lastIndexOf('@');
  if (at < 0) return { fault: 'must be one mail address, as ada@example.com' };
  const local = to.slice(0, at);
  const domain = asciiDomain(to.slice(at + 1));
  if (!DOT_ATOM.test(local)) return { fault: localFault(local) };
  if (local.length > MAX_LOCAL_OCTETS)
    return { fault: `must have at most ${MAX_LOCAL_OCTETS} characters before the @` };
  if (domain === undefined) return { fault: 'must have a domain name after the @, as example.com' };
  const address = `${local}@${domain}`;
  return address.length > MAX_OCTETS ? { fault: `must be at most ${MAX_OCTETS} characters` } : { address };
}

function localFault(local: string): string {
  if (/[<>,;:]/.test(local)) return 'must be one bare mail address, without a name, list or group';
  if (/[^ -~]/.test(local)) return 'must have only ASCII characters before the @';
  return 'must have a valid name before the @';
}

/** Lower-cased ASCII, or undefined when it is no domain name of two labels or more. */
function asciiDomain(domain: string): string | undefined {
  if (!DOMAIN_CHARACTERS.test(domain)) return undefined;
  const ascii = domainToASCII(domain).toLowerCase();
  const labels = ascii.split('.');
  const isName =
    labels.length >= 2 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1)!);
  return isName ? ascii : undefined;
}
