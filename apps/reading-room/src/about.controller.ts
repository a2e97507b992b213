import { Controller, Get, Header, Inject, NotFoundException, Param } from '@nestjs/common';
import { CurrentUser, RequireRoles, type User } from '@sightline/platform';
import { ModelShelf } from './model-shelf.ts';
import type { MeView, ModelView } from './study-view.ts';

interface ModelParams {
  name: string;
  version: string;
}

/** Who is signed in, and what the models are. */
@Controller('api')
@RequireRoles('clinician', 'radiologist')
export class AboutController {
  constructor(@Inject(ModelShelf) private readonly shelf: ModelShelf) {}

  @Get('me')
  @Header('cache-control', 'no-store')
  me(@CurrentUser() user: User): MeView {
    return user;
  }

  @Get('models/:name/:version')
  async model(@Param() model: ModelParams): Promise<ModelView> {
    const manifest = await this.shelf.find(model);
    if (manifest === undefined) throw new NotFoundException('no such model here');
    const { name, version, title, intendedUse, limits, evaluation } = manifest;
    return {
      name,
      version,
      title,
      intendedUse,
      limits,
      primary: evaluation.primary,
      cardUrl: `/api/models/${name}/${version}/card`,
    };
  }

  @Get('models/:name/:version/card')
  @Header('content-type', 'text/plain; charset=utf-8')
  async card(@Param() model: ModelParams): Promise<string> {
    const card = await this.shelf.card(model);
    if (card === undefined) throw new NotFoundException('no such model card here');
    return card;
  }
}
