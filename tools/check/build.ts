import { buildApps } from '../sandbox/build-apps.ts';

// Every app and the page, as the sandbox will run them: what is built here is not built again by the tests.
const built = await buildApps();
console.log(built ? 'built' : 'nothing changed since the last build');
