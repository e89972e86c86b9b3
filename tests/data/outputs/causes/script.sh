#: missing method
#: program perl
#: must Can't locate object method "@w@" via package "Load"
printf 'package Load; sub new { bless {}, shift } package main;\nwarn "about to run\\n"; Load->new->@w@;\n' > a.pl
perl a.pl
#: missing module
#: program perl
#: must Can't locate Acme/@W@\.pm in @INC
printf 'use Acme::@W@;\n' > a.pl
perl a.pl
#: die with object
#: program perl
#: must (no such @w@)
printf 'sub load { die "no such @w@: " . shift() . "\\n" } eval { load(1) }; print STDERR "cleanup\\n"; die $@@ if $@@;\n' | sed 's/@@/@/g' > a.pl
perl a.pl
#: nested error
#: program node
#: must (could not load @w@|connect ECONNREFUSED)
cat > a.js <<'E'
async function main() { try { await fetch("http://127.0.0.1:@x@/"); } catch (e) { throw new Error("could not load @w@", { cause: e }); } }
main();
E
node a.js
#: syntax
#: program node
#: must SyntaxError: 
printf 'function @w@( {\n  return 1;\n}\n' > a.js
node a.js
#: console error and exit
#: program node
#: must @w@ quota is used up
printf 'console.log("step 1");\nconsole.error("@w@ quota is used up");\nconsole.log("bye");\nprocess.exitCode = 3;\n' > a.js
node a.js
#: assert
#: program node
#: must (Expected values to be strictly equal|AssertionError)
printf 'require("assert").strictEqual(@n@, @m@);\n' > a.js
node a.js
#: test runner
#: program node-test
#: must (Expected values to be strictly|@w@ adds up)
printf 'const t=require("node:test"); const a=require("assert");\nt("@w@ adds up", () => a.strictEqual(1, @n@));\nt("fine", () => {});\n' > a.test.js
node --test a.test.js
#: uncaught in thread
#: program python
#: must (ValueError: @w@ is stale)
cat > a.py <<'E'
import threading, sys
failed = []
def run():
    raise ValueError("@w@ is stale")
t = threading.Thread(target=run); t.start(); t.join()
sys.exit(3)
E
python3 a.py
#: sys exit text
#: program python
#: must @w@ not configured
printf 'import sys\nprint("starting")\nsys.exit("@w@ not configured")\n' > a.py
python3 a.py
#: assertion with text
#: program pytest
#: must (@w@ total is off|assert )
printf 'def test_@v@():\n    total = 3\n    assert total == @n@, "@w@ total is off"\ndef test_b():\n    pass\n' > test_a.py
python3 -m pytest -q
#: push without remote
#: program git
#: must (No configured push destination|does not appear to be a git repository)
git init -q .; git push
#: constraint
#: program psql
#: must (null value in column "@w@"|violates not-null)
psql -v ON_ERROR_STOP=1 -d postgres -c 'create temp table d(@w@ int not null)' -c 'insert into d values(null)'
#: no table
#: program psql
#: must relation "@w@_rows" does not exist
printf 'select 1;\nselect count(*)\nfrom @w@_rows\nwhere x = 1;\n' > a.sql; psql -v ON_ERROR_STOP=1 -d postgres -f a.sql
#: unknown column
#: program mysql
#: must Unknown column '@w@'
mysql -h127.0.0.1 -uroot -e 'select @w@ from mysql.user'
#: missing member
#: program tar
#: must @w@\.csv: (Cannot stat: No such file|Not found in archive)
tar cf a.tar @w@.csv
