/**
 * Rows of nodes within one another: files, branches, loops. A letter has ten of them, one that quotes a long conversation
 * perhaps a hundred; the stack would end past a thousand.
 */
const DEEPEST = 250;

/**
 * How deep one rendering may go: a partial can include itself, and the data say how often. The end of the stack itself is no
 * limit to rely on. V8 ends the process when it has to compile a regular expression there.
 */
export class RenderDepth {
  private rows = 0;

  /** Throws when it goes too deep; the rendering is over then. */
  enter(): void {
    if (++this.rows > DEEPEST) throw new RangeError('template nesting limit exceeded');
  }

  leave(): void {
    this.rows--;
  }
}
