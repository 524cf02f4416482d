import { Readable } from 'node:stream';

/** What a socket buffers: in larger pieces, a server that stops reading in the middle would seem to have been given all. Bytes. */
const PIECE_BYTES = 16 * 1_024;

/**
 * A mail on its way to the socket, in as few pieces as may be: each is a call into the kernel. It is composed when the first
 * is asked for, so that a refused recipient costs no composing; what goes wrong in it ends the stream with an error.
 */
export class MailStream extends Readable {
  readonly #composed: () => Buffer;
  #rest: Buffer | undefined;

  constructor(composed: () => Buffer) {
    super({ highWaterMark: PIECE_BYTES });
    this.#composed = composed;
  }

  override _read(): void {
    const mail = this.#rest ?? this.#composed();
    const isLast = mail.length <= PIECE_BYTES;
    this.#rest = isLast ? undefined : mail.subarray(PIECE_BYTES); // the server's answer is waited for without it
    this.push(mail.subarray(0, PIECE_BYTES));
    if (isLast) this.push(null);
  }
}
