import { parseEmailAddress } from './email-address.js';

/** Who a mail is from; its domain also makes the Message-ID. */
export interface Sender {
  name: string;
  address: string;
  domain: string;
}

/** `Acme <no-reply@acme.example>` or a bare address. Throws an Error that says what is wrong with `from`. */
export function readSender(text: string): Sender {
  const match = /^\s*(?:"?([^"<>\r\n]*?)"?\s*<([^<>]+)>|([^<>\s]+))\s*$/.exec(text);
  const parsed = parseEmailAddress(match?.[2] ?? match?.[3] ?? '');
  if ('fault' in parsed) throw new Error(`from ${parsed.fault}`);
  return { name: match?.[1] ?? '', address: parsed.address, domain: parsed.address.split('@')[1]! };
}
