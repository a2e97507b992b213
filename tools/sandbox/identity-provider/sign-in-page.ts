import { NAMES, ROLES } from './settings.ts';

/** One page, nothing loaded from elsewhere; works without scripts. */
export function signInPage(at: { readonly action: string; readonly wrong: boolean; readonly name: string }): string {
  const names = ROLES.map((role) => `<option value="${role}">${NAMES[role]}</option>`).join('');
  const message = at.wrong ? '<p class="wrong" role="alert">That name and password do not go together.</p>' : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Sightline sandbox</title>
<style>
  :root { color-scheme: light dark; --ink: #16202a; --paper: #f4f6f8; --card: #fff; --line: #cfd8e0; --accent: #0b6e79; --quiet: #566573; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8eef2; --paper: #0e1519; --card: #172127; --line: #33434d; --accent: #4fc3cf; --quiet: #9fb0ba; } }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
  main { width: min(24rem, calc(100vw - 2rem)); background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 2rem; }
  h1 { margin: 0; font-size: 1.35rem; letter-spacing: .01em; }
  .where { margin: .15rem 0 1.5rem; color: var(--quiet); font-size: .9rem; }
  label { display: block; margin: 1rem 0 .3rem; font-size: .85rem; font-weight: 600; }
  input { width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 8px; }
  input:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  button { width: 100%; margin-top: 1.5rem; padding: .65rem; font: inherit; font-weight: 600; color: var(--card); background: var(--accent); border: 0; border-radius: 8px; cursor: pointer; }
  .wrong { margin: 0 0 .5rem; color: #b3261e; font-size: .9rem; }
  @media (prefers-color-scheme: dark) { .wrong { color: #ff8a80; } }
  .hint { margin: 1.5rem 0 0; color: var(--quiet); font-size: .8rem; }
</style>
</head>
<body>
<main>
  <h1>Sightline</h1>
  <p class="where">Sandbox sign-in</p>
  ${message}
  <form method="post" action="${escape(at.action)}">
    <label for="username">Name</label>
    <input id="username" name="username" list="names" autocomplete="username" autofocus required value="${escape(at.name)}">
    <datalist id="names">${names}</datalist>
    <label for="password">Password</label>
    <input id="password" name="password" type="password" autocomplete="current-password" required>
    <button type="submit">Sign in</button>
  </form>
  <p class="hint">Names: ${ROLES.join(', ')}. The password is printed where the sandbox was started.</p>
</main>
</body>
</html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
