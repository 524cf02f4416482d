import type { Transform } from 'node:stream';

import { Encoder as Base64Encoder } from 'nodemailer/lib/base64';
import type MimeNode from 'nodemailer/lib/mime-node';
import { Encoder as QuotedPrintableEncoder } from 'nodemailer/lib/qp';

/**
 * A mail composed at once, out of nodemailer's own tree, headers and encoders, to the bytes that nodemailer makes of it.
 *
 * nodemailer reads each part through streams, because a part may be a file. Ours are strings, and a dozen streams, each
 * with its turns of the event loop, cost more than the encoding.
 */

/** Whether there is nothing in it that only nodemailer knows how to compose. */
export const isStraight = (root: MimeNode): boolean => !isChanged(root) && isOfStrings(root);

/** Of a mail that is straight, the bytes. */
export function composeStraight(root: MimeNode): Buffer {
  const mail = composed(root);
  return Buffer.from(mail + ending(mail));
}

/** What nodemailer keeps to itself. */
interface Untyped {
  _raw?: unknown;
  _transforms?: readonly unknown[];
  _processFuncs?: readonly unknown[];
}

/** By signatures and the like, which work on the stream. Unknown counts as changed: an unsigned mail must not go out unnoticed. */
function isChanged(root: MimeNode): boolean {
  const { _transforms, _processFuncs } = root as Untyped;
  return _transforms?.length !== 0 || _processFuncs?.length !== 0 || root.newline !== undefined;
}

function isOfStrings(node: MimeNode): boolean {
  if ((node as Untyped)._raw !== false) return false;
  if (node.childNodes.length > 0) return node.content === undefined && node.childNodes.every(isOfStrings);
  const type = node.getHeader('Content-Type');
  // Outside of text a line break is data, and is encoded otherwise.
  return typeof node.content === 'string' && typeof type === 'string' && type.startsWith('text/');
}

function composed(node: MimeNode): string {
  const headers = `${node.buildHeaders()}\r\n\r\n`; // decides the boundary and the encoding as well
  return headers + (node.childNodes.length > 0 ? partsOf(node) : encoded(node));
}

function partsOf({ boundary, childNodes }: MimeNode): string {
  const parts = childNodes.map((child) => `--${String(boundary)}\r\n${composed(child)}\r\n`);
  return `${parts.join('')}--${String(boundary)}--\r\n`;
}

function encoded(node: MimeNode): string {
  const content = node.content as string;
  switch (node.getTransferEncoding()) {
    case 'quoted-printable':
      return throughAtOnce(new QuotedPrintableEncoder(), content);
    case 'base64':
      return throughAtOnce(new Base64Encoder(), content);
    default:
      return content;
  }
}

/**
 * Both encoders do their work within the call. Through the stream's own methods the same would take several turns of the
 * event loop; with the functions beside the encoders, long texts and those that end in blanks would be wrapped elsewhere.
 */
function throughAtOnce(encoder: Transform, content: string): string {
  let output = '';
  encoder.push = (piece: Buffer | string) => {
    output += String(piece);
    return true;
  };
  encoder._transform(content, 'utf8', ignore);
  encoder._flush(ignore);
  return output;
}

const ignore = (): void => {};

/** A mail ends with a line break. */
function ending(mail: string): string {
  if (mail.endsWith('\n')) return '';
  return mail.endsWith('\r') ? '\n' : '\r\n';
}
