#: grunt no file
#: program grunt
#: must (Unable to find local grunt|A valid Gruntfile could not be found|Unable to find Gruntfile)
ln -s $NODE_PATH node_modules; grunt @w@
#: grunt no task
#: program grunt
#: must Task .* not found
ln -s $NODE_PATH node_modules; echo 'module.exports = g => { g.registerTask("a", () => {}) }' > Gruntfile.js; grunt @w@-@v@
#: grunt plugin
#: program grunt
#: must (Local Npm module .* not found|not found)
ln -s $NODE_PATH node_modules; echo 'module.exports = g => { g.loadNpmTasks("grunt-@w@"); g.registerTask("a", ["@v@"]) }' > Gruntfile.js; grunt a
#: eleventy template
#: program eleventy
#: must (filter not found|undefined filter|undefined)
mkdir s; printf '{{ 1 | @w@@v@ }}\n' > s/@w@.njk; ln -s $NODE_PATH node_modules; eleventy --input=s
#: eleventy data
#: program eleventy
#: must (Unexpected token|JSON|parsing)
mkdir -p s/_data; echo '{"@w@": @v@}' > s/_data/@v@.json; echo a > s/a.md; ln -s $NODE_PATH node_modules; eleventy --input=s
#: eleventy layout
#: program eleventy
#: must (does not exist|can.t find|Problem)
mkdir s; printf -- '---\nlayout: @w@-@n@.njk\n---\na\n' > s/@v@.md; ln -s $NODE_PATH node_modules; eleventy --input=s
#: cucumber undefined step
#: program cucumber-js
#: must (Undefined|undefined)
mkdir -p features; printf 'Feature: a\n  Scenario: @w@\n    Given @v@ has @n@ rows\n' > features/@w@.feature; cucumber-js
#: cucumber parse
#: program cucumber-js
#: must (Parse error|expected)
mkdir -p features; printf 'Feature: @w@\n  Scenario: b\n    @v@ @n@\n Gibberish\n' > features/@w@.feature; cucumber-js
#: cucumber support
#: program cucumber-js
#: must Cannot find module
mkdir -p features/support; echo 'require("@w@-@v@")' > features/support/a.js; printf 'Feature: a\n  Scenario: b\n    Given c\n' > features/a.feature; cucumber-js
#: uglify syntax
#: program uglifyjs
#: must (Unexpected token|Parse error)
echo 'var @w@ = ;' > @v@.js; uglifyjs @v@.js
#: uglify no file
#: program uglifyjs
#: must (no such file|ENOENT)
uglifyjs @w@-@n@.js
#: uglify option
#: program uglifyjs
#: must (not a supported option|Supported options)
echo 1 > a.js; uglifyjs -c @w@=@n@ a.js
#: coffee syntax
#: program coffee
#: must (unexpected|error)
printf '@w@ = (a) ->\n  @v@ = = @n@\n' > @v@.coffee; coffee -c @v@.coffee
#: coffee no file
#: program coffee
#: must (no such file|ENOENT|File not found|not found)
coffee @w@-@n@.coffee
#: coffee reference
#: program coffee
#: must is not defined
printf 'console.log @w@Total + @n@\n' > @v@.coffee; coffee @v@.coffee
#: postcss syntax
#: program postcss
#: must (Unclosed block|CssSyntaxError)
printf '.@w@ {\n  width: @n@px;\n' > @v@.css; postcss @v@.css -o out.css
#: postcss plugin
#: program postcss
#: must (Cannot find module|Plugin Error)
echo 'a{}' > a.css; postcss a.css -u postcss-@w@-@v@ -o out.css
#: postcss no file
#: program postcss
#: must (You must pass|Input Error|no such file|ENOENT)
postcss @w@-@n@.css -o out.css
#: ioredis refused
#: program ioredis
#: must (ECONNREFUSED|Connection is closed)
node -e 'const R = require("ioredis"); const r = new R(@x@, "127.0.0.1", {retryStrategy: null, maxRetriesPerRequest: 0}); r.on("error", () => {}); r.get("@w@:@n@").catch(e => r.connect().catch(e => { throw e }))'
#: ioredis type
#: program ioredis
#: must WRONGTYPE
node -e 'const R = require("ioredis"); const r = new R(6379, "127.0.0.1"); (async () => { await r.set("@w@:@n@", "1"); await r.expire("@w@:@n@", 9); await r.lpush("@w@:@n@", "@v@") })()'
#: ioredis command
#: program ioredis
#: must unknown command
node -e 'const R = require("ioredis"); const r = new R(6379, "127.0.0.1"); r.call("@w@@v@", "@n@")'
#: amqplib refused
#: program amqplib
#: must ECONNREFUSED
node -e 'require("amqplib").connect("amqp://127.0.0.1:@x@/@w@")'
#: yup
#: program yup
#: must (must be a|number|required)
node -e 'const y = require("yup"); y.object({@w@: y.number().required(), @v@: y.string().required()}).validateSync({@w@: "@v@-@n@", @v@: "a"})'
#: got 404
#: program got
#: must (404|Not Found)
cat > a.mjs <<'E'
import http from "http"; import { createRequire } from "module"; const got = (await import(process.env.NODE_PATH + "/got/dist/source/index.js")).default
const s = http.createServer((q, r) => { r.statusCode = 404; r.end() }).listen(0, async () => { await got(`http://127.0.0.1:${s.address().port}/@w@/@n@`) })
E
node a.mjs
#: got 503
#: program got
#: must (503|Service Unavailable)
cat > a.mjs <<'E'
import http from "http"; const got = (await import(process.env.NODE_PATH + "/got/dist/source/index.js")).default
const s = http.createServer((q, r) => { r.statusCode = 503; r.end() }).listen(0, async () => { await got(`http://127.0.0.1:${s.address().port}/@w@/@n@`, {retry: {limit: 0}}) })
E
node a.mjs
#: got timeout
#: program got
#: must (Timeout|timed out)
cat > a.mjs <<'E'
import http from "http"; const got = (await import(process.env.NODE_PATH + "/got/dist/source/index.js")).default
const s = http.createServer(() => {}).listen(0, async () => { await got(`http://127.0.0.1:${s.address().port}/@w@/@n@`, {retry: {limit: 0}, timeout: {request: 30@m@}}) })
E
node a.mjs
