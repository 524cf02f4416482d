import type { Emitter } from 'liquidjs';

import { hasControls } from './letter-text.js';

/**
 * What has been written of a letter. Looks for control characters piece by piece: a template's own text is looked through once
 * in its life, and a letter is mostly that.
 */
export class LetterEmitter implements Emitter {
  buffer = '';
  hasControls = false;

  /** All that is printed is text by now (`toText`), and tags write text. */
  write(text: string): void {
    this.writeKnown(text, hasControls(text));
  }

  /** `text` is known to have control characters, or to have none. */
  writeKnown(text: string, withControls: boolean): void {
    this.buffer += text;
    if (withControls) this.hasControls = true;
  }
}
