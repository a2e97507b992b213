import { type DynamicModule, Module } from '@nestjs/common';
import { WorkerModule, type WorkerConfig } from '@sightline/inference';
import { readChestXray } from './pipelines/read-chest-xray.ts';
import { RequestController } from './request.controller.ts';

/** inference.requested.xray → a row of the queue → gate, prepare, conclude → inference.completed. */
@Module({})
export class XrayWorkerModule {
  static forApp(config: WorkerConfig): DynamicModule {
    return {
      module: XrayWorkerModule,
      imports: [WorkerModule.forApp({ app: 'xray-worker', worker: 'xray', config, pipelineOf: () => readChestXray })],
      controllers: [RequestController],
    };
  }
}
