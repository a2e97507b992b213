import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  HttpException,
  HttpStatus,
  ServiceUnavailableException,
  SetMetadata,
  UnauthorizedException,
  createParamDecorator,
} from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Role, TokenVerifier, User } from './authentication.ts';

const doorKey = 'sightline:door';
type Door = { kind: 'open' } | { kind: 'roles'; roles: readonly Role[] };

const userKey = Symbol('sightline:user');
type Authenticated = FastifyRequest & { [userKey]?: User };

/** The route opens to users with one of these roles. */
export const RequireRoles = (...roles: Role[]) => SetMetadata(doorKey, { kind: 'roles', roles } satisfies Door);

/** The route needs no token: health, metrics, a sign-in page. */
export const OpenRoute = () => SetMetadata(doorKey, { kind: 'open' } satisfies Door);

/** The user the guard let in. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): User => {
  const user = context.switchToHttp().getRequest<Authenticated>()[userKey];
  if (user === undefined) throw new UnauthorizedException();
  return user;
});

/** Finds a user in a request by other means than a bearer token, for example a browser session. */
export type SessionReader = (request: FastifyRequest) => Promise<User | undefined>;

/** Stands at every HTTP door: a route that names neither roles nor `OpenRoute` opens to nobody. */
export class DoorGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly verifier: TokenVerifier,
    private readonly session: SessionReader = async () => undefined,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const door = this.reflector.getAllAndOverride<Door | undefined>(doorKey, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (door?.kind === 'open') return true;
    const request = context.switchToHttp().getRequest<Authenticated>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const user = await this.identify(request, reply);
    if (door === undefined || !door.roles.some((role) => user.roles.includes(role))) throw new ForbiddenException();
    request[userKey] = user;
    return true;
  }

  private async identify(request: FastifyRequest, reply: FastifyReply): Promise<User> {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) {
      const user = await this.session(request);
      if (user !== undefined) return user;
      reply.header('www-authenticate', 'Bearer');
      throw new UnauthorizedException();
    }
    const result = await this.verifier.verify(token);
    switch (result.kind) {
      case 'user':
        return result.user;
      case 'unavailable':
        throw new ServiceUnavailableException('the identity provider cannot be reached');
      case 'refused':
        reply.header('www-authenticate', 'Bearer error="invalid_token"');
        throw new HttpException('the access token is not valid', HttpStatus.UNAUTHORIZED);
    }
  }
}
