/**
 * Lint rules: typescript-eslint's strictest set, and the laws of this project that types cannot express.
 */
import tseslint from 'typescript-eslint';

/** What would make `step` depend on more than its arguments. */
const IMPURE_GLOBALS = ['Date', 'process', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'console', 'crypto', 'fetch', 'require', 'Buffer', 'WebAssembly'];

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'native/', 'bin/', 'tools/', '**/*.cjs', '**/*.js', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // Numbers and branded strings in messages are what templates are for here.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true, allowNullish: false, allowNever: true }],
      // A `void` expression as the last word of an arrow function is clear enough.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidOperator: true }],
      // Index access is checked by the compiler (noUncheckedIndexedAccess); a `!` after a bounds check says so, and only tests may.
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      // Branded numbers are numbers.
      '@typescript-eslint/no-unsafe-unary-minus': 'off',
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Exports are named, so that one name finds every use.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
      ],
    },
  },
  {
    files: ['src/host/**/*.ts', 'src/init/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', { name: 'performance', message: 'Its first use loads Node\'s modules of measurement, 3 ms: use monotonicMsec (src/host/clock.ts).' }],
    },
  },
  {
    files: ['src/base/**/*.ts', 'src/core/**/*.ts', 'src/control/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...IMPURE_GLOBALS.map((name) => ({ name, message: 'The core is a function of its arguments: no clock, no process, no I/O.' }))],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Draw from the seeded stream in the state.' }],
      'no-restricted-syntax': [
        'error',
        { selector: ':function[async=true]', message: 'The core is synchronous: what it waits for is data with a deadline.' },
        { selector: 'AwaitExpression', message: 'The core is synchronous: what it waits for is data with a deadline.' },
        { selector: 'ExportDefaultDeclaration', message: 'Exports are named, so that one name finds every use.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // node:test returns promises that the runner itself waits for.
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' }] }],
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
