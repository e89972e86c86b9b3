#: jest fails
#: program jest
#: must (● .*adds @w@|Expected: @n@|expect\(received\))
#: not Ran all test suites|^Tests:|^FAIL
echo '{}' > package.json; printf "const f = () => 2;\ntest('adds @w@', () => {\n  expect(f()).toBe(@n@);\n});\ntest('ok', () => {});\n" > a.test.js; jest
#: jest throws
#: program jest
#: must (● .*loads @v@|TypeError|Cannot read)
#: not Ran all test suites|^Tests:
echo '{}' > package.json; printf "describe('@w@', () => { test('loads @v@', () => {\n  const x = undefined; x.@w@;\n}); });\n" > a.test.js; jest --verbose
#: jest module
#: program jest
#: must (Cannot find module './@w@'|Test suite failed to run)
#: not Ran all test suites
echo '{}' > package.json; printf "require('./@w@');\ntest('a', () => {});\n" > a.test.js; jest
#: jest none
#: program jest
#: must No tests found
echo '{}' > package.json; jest @w@
#: mocha fails
#: program mocha
#: must (AssertionError.*|@w@ adds @v@|1\) .*adds)
#: not 1 failing
mkdir test; printf "const a = require('assert');\ndescribe('@w@', () => { it('adds @v@', () => { a.strictEqual(2, @n@); }); it('ok', () => {}); });\n" > test/a.js; mocha
#: mocha throws
#: program mocha
#: must Error: no @w@ for @n@
#: not failing
mkdir test; printf "it('loads @v@', () => { throw new Error('no @w@ for @n@'); });\n" > test/a.js; mocha
#: mocha timeout
#: program mocha
#: must Timeout of \d+ms exceeded
mkdir test; printf "it('waits for @w@', function (done) { this.timeout(90); });\n" > test/a.js; mocha
#: mocha none
#: program mocha
#: must No test files found|Cannot find any files
mocha @w@.js
#: eslint
#: program eslint
#: must error .*'@w@' is not defined|error .*(no-undef|no-unused-vars)
#: not problems?
printf "module.exports = [{rules: {'no-undef': 'error', 'no-unused-vars': 'warn'}}];\n" > eslint.config.js; printf "const x = 1;\n@w@(2);\n" > a.js; eslint a.js
#: eslint parse
#: program eslint
#: must Parsing error
printf "module.exports = [{}];\n" > eslint.config.js; printf "const @w@ = {1, 2;\n" > a.js; eslint a.js
#: eslint config
#: program eslint
#: must couldn't find an eslint.config|Cannot find|could not find
echo 'x' > @w@.js; eslint @w@.js
#: tsc type
#: program tsc
#: must error TS2322: Type 'string' is not assignable to type 'number'
#: not Found \d+ error
printf "const @w@: number = 'x';\nexport {};\n" > a.ts; tsc --noEmit --types "" a.ts
#: tsc pretty
#: program tsc
#: must error TS2304: Cannot find name '@w@'|TS2304
#: not Found \d+ error
printf "console.log(@w@);\n" > a.ts; tsc --pretty --noEmit --types "" a.ts
#: tsc property
#: program tsc
#: must error TS2339: Property '@w@' does not exist
#: not Found \d+ error
printf "interface A { x: number }\nexport const f = (a: A) => a.@w@ + @n@;\n" > a.ts; tsc --noEmit --types "" a.ts
#: tsc no file
#: program tsc
#: must error TS6053: File '.*@w@\.ts' not found
tsc --noEmit @w@.ts
#: vitest
#: program vitest
#: must (AssertionError: expected 2 to be @n@|adds @w@|expected)
#: not Test Files|Duration
echo '{"type":"module"}' > package.json; printf "import {test, expect} from 'vitest';\ntest('adds @w@', () => { expect(2).toBe(@n@); });\n" > a.test.js; vitest run
#: prettier
#: program prettier
#: must (\[warn\] @w@\.js|SyntaxError|\[error\])
#: not Code style issues
printf "const   x = 1\n" > @w@.js; prettier --check @w@.js
#: webpack
#: program webpack
#: must (Can't resolve './@w@'|Module not found)
#: not compiled with
mkdir src; echo "import './@w@';" > src/index.js; webpack --mode development
#: esbuild
#: program esbuild
#: must Could not resolve "\./@w@"
#: not ^\d+ error
echo "import './@w@';" > a.js; esbuild a.js --bundle --outfile=out.js
#: tape
#: program tape
#: must (not ok .*@w@|should be strictly equal|expected)
#: not ^# fail
printf "const t = require('tape'); t('@w@', (q) => { q.equal(1, @n@, '@w@ equals'); q.end(); });\n" > a.js; node a.js
#: ava
#: program ava
#: must (adds @w@|Difference|Value is not|Timed out while running tests)
echo '{"type":"module","ava":{"files":["a.test.js"]}}' > package.json; printf "import test from 'ava';\ntest('adds @w@', t => { t.is(2, @n@); });\n" > a.test.js; ava
#: node test runner
#: program node-test
#: must (adds @w@|Expected values to be strictly equal|AssertionError|ERR_ASSERTION)
#: not ^. (fail|pass|duration)
printf "const {test} = require('node:test'); const a = require('assert');\ntest('adds @w@', () => a.strictEqual(1, @n@));\ntest('ok', () => {});\n" > a.test.js; node --test a.test.js
