/** Whoever lacks more than this lacks the idea of the template. */
const TOLD = 20;

/** The search for further absent variables ends here: the first one is enough to refuse. Milliseconds. */
const SEARCH_MS = 50;

/** What one rendering has found absent, as pointers below `/data`, in the order in which the template asks for it. */
export class Absences {
  private readonly found = new Set<string>();
  private readonly until = performance.now() + SEARCH_MS;

  constructor(first: string) {
    this.found.add(first);
  }

  get pointers(): readonly string[] {
    return [...this.found];
  }

  /** False when this ends the search. */
  add(pointer: string): boolean {
    this.found.add(pointer);
    return this.found.size < TOLD && performance.now() < this.until;
  }
}
