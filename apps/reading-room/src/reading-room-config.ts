import { baseConfigSchema } from '@sightline/platform';
import { z } from 'zod';

export const readingRoomConfigSchema = baseConfigSchema.extend({
  /** Where a browser finds this app. */
  publicUrl: z.url({ protocol: /^https?$/ }),
  oidcClientId: z.string().min(1),
  oidcClientSecretFile: z.string().min(1),
  /** At least 32 random bytes; all replicas have the same. */
  sessionKeyFile: z.string().min(1),
  /** The chart whose reports are shown: its base URL, as the writer is told it. */
  fhirBaseUrl: z.url({ protocol: /^https?$/ }),
  modelsDir: z.string().min(1),
  /** The built page. */
  webDir: z.string().min(1).default('dist/apps/reading-room/web'),
});

export type ReadingRoomConfig = z.infer<typeof readingRoomConfigSchema>;
