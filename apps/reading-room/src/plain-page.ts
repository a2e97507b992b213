/** A page for the moments before there is a session. Everything in it is our own text. */
export function plainPage(title: string, text: string, link: { href: string; label: string }): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · Sightline</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/plain.css" />
  </head>
  <body>
    <main>
      <p class="brand">Sightline reading room</p>
      <h1>${title}</h1>
      <p>${text}</p>
      <p><a href="${link.href}">${link.label}</a></p>
    </main>
  </body>
</html>
`;
}
