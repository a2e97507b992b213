import type { MeView } from '../../src/study-view.ts';
import { signOut } from './ask.ts';

export function TopBar({ me, offline }: { me: MeView | undefined; offline: boolean }) {
  return (
    <header className="top-bar">
      <a className="brand" href="/">
        <svg viewBox="0 0 32 20" width="32" height="20" aria-hidden="true">
          <path d="M0 10h9m14 0h9" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
          <circle cx="16" cy="10" r="6.2" fill="none" stroke="currentColor" strokeWidth="2" />
          <circle className="brand-dot" cx="16" cy="10" r="1.8" />
        </svg>
        <span>
          Sightline <span className="brand-room">reading room</span>
        </span>
      </a>
      <p className="unverified-banner" data-testid="unverified-banner">
        <strong>Unverified · by AI</strong>
        <span>not for diagnostic use</span>
      </p>
      {offline && (
        <p className="offline" role="status">
          Not connected – trying again
        </p>
      )}
      <div className="who">
        {me !== undefined && (
          <>
            <span className="who-name">
              {me.name ?? me.subject}
              <small>{me.roles.join(', ')}</small>
            </span>
            <button type="button" className="quiet" onClick={() => void signOut()}>
              Sign out
            </button>
          </>
        )}
      </div>
    </header>
  );
}
