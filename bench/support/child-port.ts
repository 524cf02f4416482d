/** The child's end of a bench process: named questions in, one answer each. Ends when whoever started it is gone. */
type Handler = (argument: never) => unknown;

interface Question {
  id: number;
  name: string;
  argument: unknown;
}

export function answerParent(handlers: Readonly<Record<string, Handler>>): void {
  process.on('message', (question: Question) => {
    void answer(handlers, question).then((reply) => process.send?.({ id: question.id, ...reply }));
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ isReady: true });
}

async function answer(
  handlers: Readonly<Record<string, Handler>>,
  { name, argument }: Question,
): Promise<object> {
  try {
    const handler = handlers[name];
    if (!handler) throw new Error(`Nothing here answers ${name}.`);
    return { result: await handler(argument as never) };
  } catch (error) {
    return { error: (error as Error).stack ?? String(error) };
  }
}

/** What the parent gave along at the start. */
export const startArgument = <T>(): T => JSON.parse(process.argv[2] ?? '{}') as T;
