import type { ReactNode } from 'react';

/** Why there is nothing to see, in words. */
export function Notice({ title, children, busy = false }: { title: string; children?: ReactNode; busy?: boolean }) {
  return (
    <div className={busy ? 'notice notice-busy' : 'notice'} role="status">
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}
