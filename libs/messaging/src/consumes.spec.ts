import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { Consumes } from './consumes.ts';
import { type Delivery, failed, type Outcome } from './delivery.ts';

type Topic = 'study.received.v1' | 'report.filed.v1';

@Controller()
class Reader {
  @Consumes('study.received.v1', 'report.filed.v1')
  async onEither({ topic }: Delivery<Topic, never>): Promise<Outcome> {
    return failed('invalid-input', topic);
  }

  @Consumes('review.recorded.v1')
  async onReview(): Promise<Outcome> {
    throw new Error('a defect');
  }
}

@Module({ controllers: [Reader] })
class Readers {}

/** Carries nothing: only what Nest registers is of interest. */
class Silence extends Server implements CustomTransportStrategy {
  listen(callback: () => void): void {
    callback();
  }
  close(): void {}
  override on(): void {}
  override unwrap<T>(): T {
    return undefined as T;
  }
}

describe('Consumes', () => {
  let app: INestMicroservice;

  afterEach(() => app.close());

  async function answers(topic: string): Promise<unknown> {
    const strategy = new Silence();
    app = await NestFactory.createMicroservice(Readers, { strategy, logger: false });
    await app.listen();
    const answered: unknown = await strategy.getHandlerByPattern(topic)?.({ topic });
    return lastValueFrom(strategy.transformToObservable(answered as Outcome));
  }

  it.each(['study.received.v1', 'report.filed.v1'])(
    'hands %s to the one method that reads several topics',
    async (topic) => {
      expect(await answers(topic)).toEqual(failed('invalid-input', topic));
    },
  );

  it('hands on what was thrown, instead of letting Nest swallow it', async () => {
    expect(await answers('review.recorded.v1')).toEqual({ kind: 'threw', error: new Error('a defect') });
  });
});
