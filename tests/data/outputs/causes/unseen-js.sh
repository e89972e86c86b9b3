#: bun missing module
#: program bun
#: must (Cannot find module|Cannot find package|Could not resolve)
echo 'import a from "./@w@/@v@.js"; console.log(a)' > a.js; bun run a.js
#: bun undefined
#: program bun
#: must (ReferenceError|is not defined)
printf 'const a = @n@;\nconsole.log(@w@ + a);\n' > @v@.js; bun run @v@.js
#: bun test
#: program bun
#: must (Expected|expect|@w@)
printf 'import {test, expect} from "bun:test";\ntest("@w@ adds", () => { expect(@n@).toBe(@m@); });\n' > @v@.test.js; bun test
#: bun no script
#: program bun
#: must (Script not found|Module not found)
echo '{"name": "@w@"}' > package.json; bun run @v@
#: bun no tests
#: program bun
#: must (did not match any test files|No tests found)
bun test @w@-@v@
#: deno undefined
#: program deno
#: must (ReferenceError|is not defined)
printf 'console.log(@w@);\n' > @v@.js; deno run @v@.js
#: deno missing
#: program deno
#: must (Module not found|Unable to load)
echo 'import "./@w@/@v@.ts";' > a.ts; deno run --no-check a.ts
#: deno permission
#: program deno
#: must (NotCapable|Requires read access|PermissionDenied)
echo 'Deno.readTextFileSync("@w@-@n@.csv");' > @v@.ts; deno run --no-prompt --no-check @v@.ts
#: deno type
#: program deno
#: must (TS2322|not assignable)
printf 'const @w@: number = "@v@";\nconsole.log(@w@);\n' > @v@.ts; deno check @v@.ts
#: deno test
#: program deno
#: must (@w@|Error)
printf 'Deno.test("@w@ adds", () => { throw new Error("@w@ is wrong"); });\n' > @v@_test.ts; deno test --no-check
#: pyright undefined
#: program pyright
#: must is not defined
echo 'print(@w@ + @n@)' > @v@.py; pyright @v@.py
#: pyright import
#: program pyright
#: must could not be resolved
echo 'import @w@.@v@' > a.py; pyright a.py
#: ts-node type
#: program ts-node
#: must (TS2322|not assignable)
printf 'const @w@: number = "@v@";\nconsole.log(@w@);\n' > @v@.ts; ts-node @v@.ts
#: ts-node missing
#: program ts-node
#: must (Cannot find module|TS2307|TS5|ERR_MODULE)
printf 'import a from "./@w@/@v@";\nconsole.log(a);\n' > a.ts; ts-node a.ts
#: nodemon
#: program concurrently
#: must (exited with code|not found|@w@)
concurrently 'ls /srv/@w@-@n@' 'echo @v@'
#: npm-run-all
#: program npm-run-all
#: must (Task not found|not found)
echo '{"name": "a", "scripts": {"@v@": "true"}}' > package.json; npm-run-all @w@
#: wait-on
#: program wait-on
#: must (Timed out|timeout)
wait-on -t 700 tcp:127.0.0.1:@x@
#: depcheck
#: program depcheck
#: must (Missing|missing)
echo '{"name": "a", "dependencies": {}}' > package.json; echo 'require("@w@-@v@")' > a.js; depcheck
#: madge
#: program madge
#: must (circular|Found)
echo 'import "./@v@.js"' > @w@.js; echo 'import "./@w@.js"' > @v@.js; madge --circular @w@.js
#: typedoc
#: program typedoc
#: must (not assignable|TS2322|Unable|error)
printf '{"compilerOptions": {"strict": true, "types": []}, "include": ["*.ts"]}' > tsconfig.json; printf 'export const @w@: number = "@v@";\n' > @v@.ts; typedoc @v@.ts
#: svgo
#: program svgo
#: must (no such file|Error|ENOENT)
svgo @w@/@v@.svg
#: jsdoc
#: program jsdoc
#: must (Unable to parse|Unexpected token|no input files)
printf 'const @w@ = ;\n' > @v@.js; jsdoc @v@.js
#: stylus
#: program stylus
#: must (expected|ParseError|undefined|failed to locate)
printf '@import "@w@/@v@"\n' > a.styl; stylus -p a.styl
#: nunjucks
#: program nunjucks
#: must (template not found)
node -e 'require("nunjucks").configure("."); require("nunjucks").render("@w@/@v@.html")'
#: liquidjs
#: program liquidjs
#: must (tag .*not|not closed|undefined)
node -e 'new (require("liquidjs").Liquid)().parseAndRenderSync("{% @w@ %}@n@")'
#: textlint
#: program cspell
#: must (Unknown word|@w@zq)
printf 'the @w@zqk is @n@\n' > @v@.md; cspell --no-progress @v@.md
#: tsup
#: program tsup
#: must (Cannot find|Could not resolve)
echo '{"name": "a"}' > package.json; echo 'import "./@w@/@v@"' > a.ts; tsup a.ts
#: serverless
#: program angular
#: must (not available|outside|workspace|Unknown)
NG_CLI_ANALYTICS=false ng build @w@
#: cdk
#: program cdk
#: must (--app is required|app)
cdk synth @w@-@v@
#: karma
#: program karma
#: must (does not exist|File|Cannot find module)
karma start @w@-@v@.conf.js --single-run
#: nyc
#: program c8
#: must (does not meet|coverage)
printf 'function @w@(a) {\n  if (a > @n@) {\n    return 1;\n  }\n  return 2;\n}\n@w@(1);\n' > @v@.js; c8 --check-coverage --lines 99 node @v@.js
#: typeorm
#: program typeorm
#: must ECONNREFUSED
printf 'const {DataSource} = require("typeorm");\nnew DataSource({type: "postgres", host: "127.0.0.1", port: @x@, database: "@w@"}).initialize().catch(e => { console.error("could not begin", e); process.exit(1); });\n' > a.js; node a.js
#: mysql2
#: program mysql2
#: must ECONNREFUSED
node -e 'require("mysql2/promise").createConnection({host: "127.0.0.1", port: @x@, database: "@w@"})'
#: undici timeout
#: program undici
#: must (HeadersTimeout|Headers Timeout)
printf 'const net = require("net"), {request} = require("undici");\nconst s = net.createServer(() => {}).listen(0, "127.0.0.1", () => request("http://127.0.0.1:" + s.address().port + "/@w@/@n@", {headersTimeout: 300}));\n' > a.js; timeout 60 node a.js
#: ws refused
#: program ws
#: must ECONNREFUSED
node -e 'new (require("ws"))("ws://127.0.0.1:@x@/@w@")'
#: ws answer
#: program ws
#: must 503
printf 'const http = require("http"), W = require("ws");\nconst s = http.createServer((q, r) => { r.statusCode = 503; r.end(); }).on("upgrade", (q, k) => { k.end("HTTP/1.1 503 Service Unavailable\\r\\n\\r\\n"); }).listen(0, "127.0.0.1", () => new W("ws://127.0.0.1:" + s.address().port + "/@w@"));\n' > a.js; timeout 60 node a.js
#: nodemailer
#: program nodemailer
#: must ECONNREFUSED
node -e 'require("nodemailer").createTransport({host: "127.0.0.1", port: @x@}).sendMail({from: "a@example.org", to: "@w@@example.org", text: "@v@"})'
#: kafkajs
#: program kafkajs
#: must (ECONNREFUSED|Connection error|KafkaJSNumberOfRetriesExceeded)
node -e 'const {Kafka} = require("kafkajs"); new Kafka({brokers: ["127.0.0.1:@x@"], retry: {retries: 0}}).producer().connect()'
#: mongoose validation
#: program mongoose
#: must (validation failed|required)
node -e 'const m = require("mongoose"); const A = m.model("@W@", new m.Schema({@v@: {type: String, required: true}})); new A({}).validate()'
#: superagent 500
#: program superagent
#: must (Internal Server Error|500)
printf 'const http = require("http"), a = require("superagent");\nconst s = http.createServer((q, r) => { r.statusCode = 500; r.end(); }).listen(0, "127.0.0.1", () => a.get("http://127.0.0.1:" + s.address().port + "/@w@/@n@"));\n' > a.js; timeout 60 node a.js
#: superagent 404
#: program superagent
#: must (Not Found|404)
printf 'const http = require("http"), a = require("superagent");\nconst s = http.createServer((q, r) => { r.statusCode = 404; r.end(); }).listen(0, "127.0.0.1", () => a.get("http://127.0.0.1:" + s.address().port + "/@w@/@n@"));\n' > a.js; timeout 60 node a.js
#: pino
#: program pm2
#: must (Script not found|not found|No such|File)
PM2_HOME=$PWD/pm2 pm2 start @w@/@v@.js --no-daemon
#: rspack
#: program rspack
#: must (Module not found|Can't resolve)
mkdir src; echo 'import "./@w@/@v@.js"' > src/index.js; echo 'module.exports = {mode: "production"}' > rspack.config.js; rspack build
#: turbo
#: program turbo
#: must (Could not find|turbo.json|package manager|Missing|Could not resolve workspace)
echo '{"name": "a"}' > package.json; TURBO_TELEMETRY_DISABLED=1 turbo run @w@
#: next
#: program next
#: must (Couldn't find any .pages|directory|does not exist)
NEXT_TELEMETRY_DISABLED=1 next build @w@-@v@
#: eslint cannot parse
#: program eslint
#: must Parsing error
echo 'export default [{}];' > eslint.config.mjs; echo 'const @w@ = ;' > @v@.js; eslint @v@.js
#: eslint no files
#: program eslint
#: must No files matching
echo 'export default [{}];' > eslint.config.mjs; eslint '@w@/@v@/**'
#: tsc missing module
#: program tsc
#: must TS2307
printf 'import {a} from "./@w@/@v@";\nconsole.log(a);\n' > a.ts; tsc --noEmit a.ts
#: tsc no such property
#: program tsc
#: must TS2339
printf 'const a = {b: @n@};\nconsole.log(a.@w@);\n' > @v@.ts; tsc --noEmit @v@.ts
#: tsc no config
#: program tsc
#: must TS5058
tsc -p @w@/@v@
#: jest timeout
#: program jest
#: must Exceeded timeout
printf 'test("@w@ waits", () => new Promise(() => {}), 300);\n' > @v@.test.js; echo '{}' > package.json; jest --forceExit
#: jest toThrow
#: program jest
#: must (toThrow|did not throw|@w@)
printf 'test("@w@ throws", () => { expect(() => @n@).toThrow(); });\n' > @v@.test.js; echo '{}' > package.json; jest
#: jest syntax
#: program jest
#: must (Unexpected token|SyntaxError|failed to run)
printf 'test("@w@", () => {\n' > @v@.test.js; echo '{}' > package.json; jest
#: mocha syntax
#: program mocha
#: must (SyntaxError|Unexpected)
printf 'it("@w@", () => {\n' > @v@.js; mocha @v@.js
#: mocha hook
#: program mocha
#: must @w@ is away
printf 'describe("@v@", () => { before(() => { throw new Error("@w@ is away"); }); it("a", () => {}); });\n' > a.js; mocha a.js
#: node assert
#: program node
#: must (Expected values to be strictly equal|AssertionError)
node -e 'require("assert").strictEqual(@n@, @m@)'
#: node json
#: program node
#: must (JSON|Unexpected)
node -e 'JSON.parse("{@w@: @n@}")'
#: node in use
#: program node
#: must EADDRINUSE
node -e 'const n = require("net"); const a = n.createServer().listen(0, () => n.createServer().listen(a.address().port))'
#: node dns
#: program node
#: must (ENOTFOUND|EAI_AGAIN)
node -e 'require("http").get("http://@w@-@n@.invalid/")'
#: npm no script
#: program npm
#: must (Missing script|missing script)
echo '{"name": "@w@", "version": "1.0.0"}' > package.json; npm run @v@
#: npm json
#: program npm
#: must (EJSONPARSE|JSON)
echo '{"name": "@w@",' > package.json; npm install
#: npm refused
#: program npm
#: must ECONNREFUSED
echo '{"name": "@w@", "version": "1.0.0"}' > package.json; npm install @p@ --registry=http://127.0.0.1:@x@ --fetch-retries=0
#: npm lock
#: program npm
#: must (npm ci|package-lock|in sync)
echo '{"name": "@w@", "version": "1.0.0", "dependencies": {"@p@": "^1.0.0"}}' > package.json; npm ci
