import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** What hosts and the engine are built on, from the top down. */
const domain = [
  'conversion',
  'evaluate',
  'benchmark',
  'decode',
  'distill',
  'spellm',
  'models',
  'runs',
  'runtime',
  'spelling',
  'hub',
  'tokenizer',
  'formats',
  'graph',
  'base',
]

/**
 * The rooms of docs/develop/architecture.md as a table: room of src-main → rooms that it may import, itself apart. Each stands above what it
 * imports.
 */
const mayImport = {
  electron: ['engine', 'contract', 'runtime', 'formats', 'base'],
  web: ['engine', 'contract', 'runtime', 'base'],
  cli: domain,
  engine: ['contract', ...domain],
  contract: [],
  conversion: domain.slice(1),
  evaluate: [
    'benchmark',
    'decode',
    'distill',
    'spellm',
    'models',
    'runtime',
    'spelling',
    'tokenizer',
    'formats',
    'graph',
    'base',
  ],
  benchmark: [
    'decode',
    'distill',
    'spellm',
    'models',
    'runtime',
    'spelling',
    'tokenizer',
    'formats',
    'graph',
    'base',
  ],
  decode: ['spellm', 'models', 'runtime', 'spelling', 'tokenizer', 'formats', 'graph', 'base'],
  distill: ['models', 'runtime', 'spelling', 'tokenizer', 'formats', 'graph', 'base'],
  spellm: ['models', 'runtime', 'spelling', 'tokenizer', 'formats', 'graph', 'base'],
  models: ['runtime', 'tokenizer', 'formats', 'graph', 'base'],
  runs: ['formats', 'base'],
  runtime: ['formats', 'graph', 'base'],
  spelling: ['tokenizer', 'base'],
  hub: ['formats', 'base'],
  tokenizer: ['formats', 'base'],
  formats: ['base'],
  graph: [],
  base: [],
}
const folders = Object.keys(mayImport)

const importRules = folders.map((folder) => {
  const forbidden = folders.filter((other) => other !== folder && !mayImport[folder].includes(other))
  return {
    files: [`src-main/${folder}/**/*.ts`],
    ignores: ['**/*.test.ts', '**/testing/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: forbidden.map((other) => `**/${other}/**`),
              message: `${folder}/ may not import this folder (see docs/develop/architecture.md).`,
            },
            ...(folder === 'electron'
              ? []
              : [{ group: ['electron'], message: 'Electron is imported only in src-main/electron/.' }]),
            {
              group: ['onnxruntime-node'],
              message: 'Import runtime/onnxruntime.ts, which sends no telemetry.',
            },
            ...(['graph', 'spelling'].includes(folder)
              ? [
                  {
                    group: ['node:fs*', 'node:child_process'],
                    message: `${folder}/ is pure: no I/O.`,
                  },
                ]
              : []),
          ].filter((pattern) => pattern.group.length > 0),
        },
      ],
    },
  }
})

const rendererRules = {
  files: ['src-renderer/**/*.{ts,tsx}'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: '/src-main/(?!contract/)',
            message: 'The renderer imports only src-main/contract/ (see docs/develop/architecture.md).',
          },
          { group: ['electron', 'node:*'], message: 'The renderer runs in a browser.' },
        ],
      },
    ],
  },
}

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowArray: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      parserOptions: { projectService: false },
      globals: { process: 'readonly', console: 'readonly' },
    },
  },
  {
    files: ['src-main/**/*.ts', 'src-renderer/**/*.{ts,tsx}', 'scripts/**/*.{ts,mjs}', 'bench/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.test.tsx'],
    rules: {
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 5],
    },
  },
  ...importRules,
  {
    files: ['src-main/runtime/onnxruntime.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  rendererRules,
)
