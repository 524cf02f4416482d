import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { isUnavailable } from '../database/sql-state.js';
import { Log } from '../logging/log.js';
import { Gauges } from '../metrics/gauges.js';
import { Problem, type ProblemCode } from './problem.js';
import { RouteTable } from './route-table.js';

/** Seconds after which a caller may try again when PostgreSQL is away: a failover's length. */
const RETRY_AFTER_S = 2;

/** Turns whatever went wrong into problem+json. What the caller sees and what the log keeps are apart. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    @Inject(Log) private readonly log: Log,
    @Inject(RouteTable) private readonly routes: RouteTable,
    @Inject(Gauges) private readonly gauges: Gauges,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (reply.sent) return;
    const problem = this.toProblem(error, request);
    this.gauges.problems.inc({ code: problem.code });
    if (problem.code === 'internal')
      this.log.error('request.failed', { route: request.routeOptions?.url, err: error });
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
    if (problem.more.retryAfterS !== undefined)
      void reply.header('retry-after', String(problem.more.retryAfterS));
    if (problem.code === 'method_not_allowed')
      void reply.header('allow', this.routes.methodsAt(request.url).join(', '));
    void reply
      .status(problem.status)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send(JSON.stringify(problem.toDetails(pathOf(request.url))));
  }

  private toProblem(error: unknown, request: FastifyRequest): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof HttpException && error.cause instanceof Problem) return error.cause;
    if (isUnavailable(error)) {
      const detail =
        'PostgreSQL cannot be reached. The request may or may not be stored: send it again, its key makes that safe.';
      return new Problem('unavailable', detail, { retryAfterS: RETRY_AFTER_S, cause: error });
    }
    const status =
      error instanceof HttpException
        ? error.getStatus()
        : ((error as { statusCode?: number }).statusCode ?? 500);
    return status === 404
      ? this.nothingHere(request)
      : new Problem(codeOf(status), detailOf(status), { cause: error });
  }

  private nothingHere(request: FastifyRequest): Problem {
    const methods = this.routes.methodsAt(request.url);
    return methods.length > 0 && !methods.includes(request.method)
      ? new Problem('method_not_allowed', `Use ${methods.join(' or ')}.`)
      : new Problem('not_found', 'There is no such path. See /docs.');
  }
}

const pathOf = (url: string): string => url.split('?')[0]!;

const CODES: Record<number, ProblemCode> = {
  400: 'invalid_request',
  413: 'too_large',
  415: 'unsupported_media_type',
};
const codeOf = (status: number): ProblemCode =>
  CODES[status] ?? (status < 500 ? 'invalid_request' : 'internal');

const DETAILS: Record<number, string> = {
  400: 'The request could not be read.',
  413: 'The body is larger than this path allows.',
  415: 'Send the body as application/json.',
};
const detailOf = (status: number): string =>
  DETAILS[status] ??
  (status < 500 ? 'The request could not be read.' : 'The fault is ours and has been logged.');
