#: thrown
#: must Error: @w@ table missing
cat > w.js <<'E'
function load() {
  throw new Error('@w@ table missing');
}
load();
E
node w.js
#: type error
#: must TypeError: Cannot read properties of undefined \(reading '@w@'\)
echo "const rows = {};
console.log(rows.@v@.@w@);" > w.js; node w.js
#: cause
#: must Error: could not post @w@|connect ECONNREFUSED
cat > w.js <<'E'
try { require('fs').readFileSync('/srv/none/@v@.csv') } catch (e) { throw new Error('could not post @w@', {cause: e}) }
E
node w.js
#: missing module
#: must Cannot find module '(\./)?@w@-@v@'
echo "require('@w@-@v@')" > w.js; node w.js
#: unhandled rejection with a value
#: must @w@ is empty
echo "Promise.reject('@w@ is empty')" > w.js; node w.js
#: deprecation and error
#: must RangeError: Invalid array length|Error: @w@
cat > w.js <<'E'
new Buffer(10);
setTimeout(() => { throw new RangeError('@w@ of @n@ is out of range: Error: @w@') }, 20);
E
node w.js
#: es module syntax
#: must SyntaxError: (Unexpected|missing|Invalid|Cannot use import)
echo "const @w@ = {a: 1,, b: 2};" > w.js; node w.js
#: file is missing
#: must ENOENT: no such file or directory, open '@w@\.json'
cat > w.js <<'E'
require('fs').promises.readFile('@w@.json').then(console.log);
E
node w.js
#: console.error and exit
#: must no @w@ for order @n@
echo "console.log('start'); console.error('no @w@ for order @n@'); process.exit(@m@ % 200 + 1)" > w.js; node w.js
#: aggregate error
#: must All promises were rejected|@w@ one
echo "Promise.any([Promise.reject(new Error('@w@ one')), Promise.reject(new Error('@v@ two'))])" > w.js; node w.js
#: unhandled error event
#: must Error: @w@ broke
echo "const E=require('events'); new E().emit('error', new Error('@w@ broke'))" > w.js; node w.js
