/** Every way a request can be refused, with its HTTP status (RFC 9457 problem details). Codes are a contract. */
export const PROBLEMS = {
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_request: { status: 400, title: 'The request does not fit the contract' },
  unauthorized: { status: 401, title: 'A valid API key is needed' },
  forbidden: { status: 403, title: 'This API key may not do that' },
  not_found: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'This path does not know that method' },
  idempotency_conflict: { status: 409, title: 'This key was accepted before with other content' },
  wrong_state: { status: 409, title: 'Its state does not allow that' },
  maybe_sent: { status: 409, title: 'It may have been sent already' },
  too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'Only application/json is read' },
  no_provider: { status: 422, title: 'No provider is configured for this channel' },
  no_template: { status: 422, title: 'There is no such template' },
  template_error: { status: 422, title: 'The data does not fit the template' },
  schema_mismatch: { status: 422, title: 'The data does not fit the type' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong here' },
  unavailable: { status: 503, title: 'The service cannot take this now' },
  overloaded: { status: 503, title: 'Too much is waiting already' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

export interface Fault {
  /** A JSON pointer into the request. */
  path: string;
  message: string;
}

export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail: string;
  instance: string;
  errors?: readonly Fault[];
  [extension: string]: unknown;
}

/** A refusal on its way to the caller. `detail` says what to do about it and never repeats what was sent. */
export class Problem extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly more: {
      errors?: readonly Fault[];
      extensions?: Record<string, unknown>;
      retryAfterS?: number;
      cause?: unknown;
    } = {},
  ) {
    super(`${code}: ${detail}`, { cause: more.cause });
    this.name = 'Problem';
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  toDetails(instance: string): ProblemDetails {
    const { status, title } = PROBLEMS[this.code];
    return {
      // A URN: stable, and it promises no page that may not be there.
      type: `urn:posthaste:problem:${this.code}`,
      title,
      status,
      code: this.code,
      detail: this.detail,
      instance,
      ...(this.more.errors ? { errors: this.more.errors } : {}),
      ...this.more.extensions,
    };
  }
}
