import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../../support/index.ts';

/** A way to one of two ports that costs next to nothing, and can be turned from one to the other. */
export interface Wire {
  readonly port: number;
  /** Whoever is connected must connect again. */
  leadTo(port: number): void;
  cut(): Promise<void>;
}

export async function layWire(to: number): Promise<Wire> {
  let end = to;
  const sockets = new Set<Socket>();
  const held = (socket: Socket): Socket => {
    sockets.add(socket);
    // How the other end of a wire feels is not for the wire to say.
    return socket
      .setNoDelay()
      .on('error', () => undefined)
      .on('close', () => sockets.delete(socket));
  };
  const letGo = (): void => sockets.forEach((socket) => socket.destroy());
  const server = createServer((near) => {
    const far = held(connect(end, '127.0.0.1'));
    held(near).pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port,
    leadTo(other) {
      end = other;
      letGo();
    },
    async cut() {
      server.close();
      letGo();
      await once(server, 'close');
    },
  };
}
