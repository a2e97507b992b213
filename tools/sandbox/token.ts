import { join } from 'node:path';
import { fetchToken, isRole, readTokenSource, ROLES } from './parts/identity-provider.ts';
import { REPOSITORY } from './parts/repository.ts';

// `npm run token -- <role>`: an access token of the running sandbox, and nothing else, on stdout.

const who = process.argv[2] ?? '';
const source = await readTokenSource(
  join(process.env['SANDBOX_DIRECTORY'] ?? join(REPOSITORY, '.sandbox'), 'identity'),
);
if (!isRole(who) && who !== 'system') {
  console.error(`npm run token -- ${[...ROLES, 'system'].join('|')}`);
  process.exitCode = 2;
} else if (source === undefined) {
  console.error('No sandbox runs here: npm start');
  process.exitCode = 1;
} else {
  try {
    console.log(await fetchToken(source, who));
  } catch (error) {
    const unreachable = error instanceof TypeError;
    console.error(
      unreachable ? 'No sandbox runs here: npm start' : error instanceof Error ? error.message : String(error),
    );
    process.exitCode = 1;
  }
}
