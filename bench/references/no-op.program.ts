import 'reflect-metadata';

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { answerParent, startArgument } from '../support/child-port.js';

const ANSWER = { id: 'ntf_00000000000000000000000000', status: 'accepted', duplicate: false };

@Controller('v1/notifications')
class NoOpController {
  @Post()
  @HttpCode(202)
  create(): typeof ANSWER {
    return ANSWER;
  }
}

@Module({ controllers: [NoOpController] })
class NoOpModule {}

/** What the frameworks alone can do: a request is read, parsed as JSON and answered. */
async function nest(): Promise<number> {
  const app = await NestFactory.create<NestFastifyApplication>(NoOpModule, new FastifyAdapter(), {
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  return (app.getHttpServer().address() as AddressInfo).port;
}

/** What Node alone can do: a request is read, or read and parsed as the frameworks do it, and answered. */
function bare(isParsing: boolean): Promise<number> {
  const body = JSON.stringify(ANSWER);
  const head = { 'content-type': 'application/json', 'content-length': String(body.length) };
  const server = createServer((request, response) => {
    const answer = (): unknown => response.writeHead(202, head).end(body);
    if (isParsing) return readJson(request, answer);
    request.resume();
    request.on('end', answer);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function readJson(request: IncomingMessage, done: () => unknown): void {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    JSON.parse((parts.length === 1 ? parts[0]! : Buffer.concat(parts)).toString('utf8'));
    done();
  });
}

const { kind } = startArgument<{ kind: 'nest' | 'bare' | 'parsing' }>();
answerParent({ listen: kind === 'nest' ? nest : () => bare(kind === 'parsing') });
