/** Ends what was begun, the last first, also when the question fails half-way. */
export class Scope {
  private readonly endings: (() => Promise<void>)[] = [];

  own<T>(thing: T, end: (thing: T) => Promise<void>): T {
    this.endings.unshift(() => end(thing));
    return thing;
  }

  async end(): Promise<void> {
    for (const end of this.endings.splice(0)) await end();
  }
}

export async function within<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
  const scope = new Scope();
  try {
    return await work(scope);
  } finally {
    await scope.end();
  }
}
