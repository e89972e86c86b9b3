#: babel syntax
#: program babel
#: must (SyntaxError|Unexpected token)
echo 'const @w@ = ;' > @v@.js; babel @v@.js
#: babel no preset
#: program babel
#: must Cannot find (module|package)
echo '{"presets": ["@w@-@v@"]}' > .babelrc; echo 1 > a.js; babel a.js
#: babel no file
#: program babel
#: must does not exist
babel @w@/@v@.js
#: gulp no task
#: program gulp
#: must Task never defined
echo 'exports.a = cb => cb()' > gulpfile.js; mkdir -p node_modules; ln -s $NODE_PATH/gulp node_modules/gulp; gulp @w@
#: gulp task fails
#: program gulp
#: must @w@ is missing
echo 'exports.@v@ = cb => cb(new Error("@w@ is missing"))' > gulpfile.js; mkdir -p node_modules; ln -s $NODE_PATH/gulp node_modules/gulp; gulp @v@
#: browserify no module
#: program browserify
#: must (Can't walk|Cannot find module)
echo 'require("./@w@-@v@")' > a.js; browserify a.js
#: swc syntax
#: program swc
#: must (Expression expected|Syntax Error|Unexpected)
echo 'const @w@ = ;' > @v@.js; swc @v@.js
#: biome lint
#: program biome
#: must (lint|Found|error|debugger)
echo 'debugger; var @w@ = @n@;' > @v@.js; biome lint @v@.js
#: biome no file
#: program biome
#: must (No such file|No files were processed)
biome check @w@/@v@.js
#: ajv invalid
#: program ajv-cli
#: must (invalid|must be string)
echo '{"type": "object", "properties": {"@w@": {"type": "string"}}}' > s.json; echo '{"@w@": @n@}' > @v@.json; ajv validate -s s.json -d @v@.json
#: ajv no schema
#: program ajv-cli
#: must (Cannot find module|error)
ajv validate -s @w@-@n@.json -d @v@.json
#: jsonlint
#: program jsonlint
#: must (Parse error|Expecting)
printf '{"@w@": @n@,\n "@v@" 3}' > @v@.json; jsonlint -q @v@.json
#: markdownlint
#: program markdownlint
#: must MD\d+
printf '# @W@\n\n### @V@\n' > @w@.md; markdownlint @w@.md
#: htmlhint
#: program htmlhint
#: must (tag-pair|spec-char|Tag must be paired|error)
printf '<!DOCTYPE html><html><head><title>a</title></head><body><@w@></body></html>' > @v@.html; htmlhint @v@.html
#: less undefined variable
#: program lessc
#: must is undefined
echo '.a { color: @@@w@-color; }' | sed 's/@@/@/' > @v@.less; lessc @v@.less
#: less no import
#: program lessc
#: must wasn't found
echo '@import "@w@-@n@";' > @v@.less; lessc @v@.less
#: less syntax
#: program lessc
#: must (ParseError|Unrecognised)
printf '.@w@ {\n  color red\n}\n' > @v@.less; lessc @v@.less
#: jasmine fails
#: program jasmine
#: must Expected @n@ to be
echo 'describe("@w@", () => { it("adds @v@", () => { expect(@n@).toBe(1); }); });' > a.spec.js; jasmine a.spec.js
#: jasmine throws
#: program jasmine
#: must TypeError
echo 'describe("@w@", () => { it("adds @v@", () => { undefined.@w@; }); });' > a.spec.js; jasmine a.spec.js
#: jasmine no specs
#: program jasmine
#: must (No specs found|Incomplete)
jasmine @w@/@v@.spec.js
#: qunit fails
#: program qunit
#: must (not ok|expected|actual)
echo 'QUnit.test("@w@ adds up", a => { a.equal(@n@, 1); });' > a.js; qunit a.js
#: uvu fails
#: program uvu
#: must (Expected values|FAIL)
printf 'const {test} = require("uvu"); const assert = require("uvu/assert");\ntest("@w@", () => { assert.is(@n@, 1); }); test.run();\n' > @v@.test.js; node @v@.test.js
#: zx command fails
#: program zx
#: must (exit code|No such file)
echo 'await $`ls @w@-@n@`' > a.mjs; zx a.mjs
#: zx not found
#: program zx
#: must (command not found|exit code)
echo 'await $`@w@-@v@ --a`' > a.mjs; zx a.mjs
#: commitlint
#: program commitlint
#: must (type-empty|subject may not be empty|type may not be empty|Please add rules|empty)
echo 'module.exports = {rules: {"type-empty": [2, "never"]}}' > commitlint.config.js; echo '@w@ @v@' | commitlint
#: newman no file
#: program newman
#: must (could not (be )?load|no such file)
newman run @w@-@n@.json
#: newman refused
#: program newman
#: must (ECONNREFUSED)
echo '{"info": {"name": "@w@", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, "item": [{"name": "@v@", "request": "http://127.0.0.1:@x@/@w@/@n@"}]}' > c.json; newman run c.json
#: sequelize no config
#: program sequelize-cli
#: must (Cannot find|config|ERROR)
sequelize-cli db:migrate --env @w@
#: lerna no config
#: program lerna
#: must (lerna.json|ENOLERNA|does not exist|package.json)
lerna run @w@
#: standard
#: program standard
#: must (is assigned a value|Extra semicolon|standard)
echo 'var @w@ = @n@;' > @v@.js; standard @v@.js
#: axios 404
#: program axios
#: must 404
node -e 'const h = require("http"); const s = h.createServer((q, r) => { r.statusCode = 404; r.end(); }).listen(0, () => require("axios").get(`http://127.0.0.1:${s.address().port}/@w@/@n@`).catch(e => { console.error(e.message); process.exit(1); }))'
#: axios 500
#: program axios
#: must 500
node -e 'const h = require("http"); const s = h.createServer((q, r) => { r.statusCode = 500; r.end(); }).listen(0, () => require("axios").get(`http://127.0.0.1:${s.address().port}/@w@/@n@`).catch(e => { console.error(e.message); process.exit(1); }))'
#: axios timeout
#: program axios
#: must timeout of
node -e 'const h = require("http"); const s = h.createServer(() => {}).listen(0, () => require("axios").get(`http://127.0.0.1:${s.address().port}/@w@`, {timeout: 100 + @m@}).catch(e => { console.error(e.message); process.exit(1); }))'
#: pg no database
#: program node-postgres
#: must does not exist
node -e 'const {Client} = require("pg"); new Client("postgres://postgres@127.0.0.1/@w@_@n@").connect()'
#: pg undefined column
#: program node-postgres
#: must does not exist
node -e 'const {Client} = require("pg"); const c = new Client("postgres://postgres@127.0.0.1/postgres"); c.connect().then(() => c.query("select @w@_@v@ from pg_class where oid = @n@")).catch(e => { console.error(String(e)); process.exit(1); })'
#: mongodb refused
#: program node-mongodb
#: must ECONNREFUSED
node -e 'new (require("mongodb").MongoClient)("mongodb://127.0.0.1:@x@/@w@", {serverSelectionTimeoutMS: 300}).connect()'
#: zod
#: program zod
#: must (ZodError|invalid|expected)
node -e 'const {z} = require("zod"); z.object({@w@: z.string()}).parse({@w@: @n@})'
#: joi
#: program joi
#: must must be a number
node -e 'const J = require("joi"); J.assert({@w@: "@v@"}, J.object({@w@: J.number()}))'
#: express port taken
#: program express
#: must EADDRINUSE
node -e 'const s = require("net").createServer().listen(0, () => require("express")().listen(s.address().port, e => { if (e) { console.error(e); process.exit(@m@ % 5 + 1); } }))'
#: fastify bad option
#: program fastify
#: must (FST_ERR|already|declared)
node -e 'const f = require("fastify")(); f.get("/@w@/@n@", () => 1); f.get("/@w@/@n@", () => 2)'
#: graphql syntax
#: program graphql
#: must Syntax Error
node -e 'require("graphql").parse("{ @w@(id: @n@ { @v@ }")'
#: graphql field
#: program graphql
#: must Cannot query field
node -e 'const g = require("graphql"); const s = g.buildSchema("type Query { a: Int }"); const e = g.validate(s, g.parse("{ @w@ }")); throw e[0]'
#: handlebars
#: program handlebars
#: must Missing helper|Parse error|not defined
node -e 'require("handlebars").compile("{{@w@ @v@ @n@}}")({})'
#: pug
#: program pug
#: must (unexpected|Invalid|end of the string)
node -e 'require("pug").compile("a(@w@=@n@\n  @v@", {filename: "@v@.pug"})'
#: ejs
#: program ejs
#: must @w@ is not defined
node -e 'require("ejs").render("<p><%= @w@ %></p> @n@")'
#: js-yaml
#: program js-yaml
#: must YAMLException
node -e 'require("js-yaml").load("@w@: [@n@, @v@\nb: 1")'
#: oxlint
#: program oxlint
#: must (debugger|no-debugger|error)
echo 'debugger; let @w@ = @n@;' > @v@.js; oxlint -D no-debugger @v@.js
#: parcel no entry
#: program parcel
#: must (Entry .* does not exist|does not exist)
parcel build @w@/@v@.html
