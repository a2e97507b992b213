import { spawn } from 'node:child_process';

/**
 * Children must not outlive us, not even when we are killed with SIGKILL and run no handler. A shell holds the reading
 * end of a pipe; the kernel closes our end when we die, however we die, and the shell then ends every group still listed.
 */
const SCRIPT = `
trap '' INT HUP TERM
groups=" "
while read -r what group; do
  case "$what" in
    +) groups="$groups$group " ;;
    -) rest=" "; for one in $groups; do [ "$one" = "$group" ] || rest="$rest$one "; done; groups="$rest" ;;
  esac
done
for one in $groups; do kill -s TERM -- "-$one" 2>/dev/null; done
left=50
while [ "$left" -gt 0 ]; do
  alive=
  for one in $groups; do kill -s 0 -- "-$one" 2>/dev/null && alive=yes; done
  [ -z "$alive" ] && exit 0
  sleep 0.1
  left=$((left - 1))
done
for one in $groups; do kill -s KILL -- "-$one" 2>/dev/null; done
`;

let pipe: NodeJS.WritableStream | undefined;

function guard(): NodeJS.WritableStream {
  if (pipe === undefined) {
    const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    shell.unref();
    // The pipe must keep neither our event loop nor a test runner alive.
    (shell.stdin as unknown as { unref?: () => void }).unref?.();
    shell.stdin.on('error', () => {
      pipe = undefined;
    });
    pipe = shell.stdin;
  }
  return pipe;
}

/** From now on the process group ends with us. */
export function guardGroup(group: number): void {
  guard().write(`+ ${group}\n`);
}

/** The group has ended; its number may be given to somebody else. */
export function releaseGroup(group: number): void {
  guard().write(`- ${group}\n`);
}
