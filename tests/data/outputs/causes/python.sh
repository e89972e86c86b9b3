#: a key is missing
#: must KeyError: '@w@'
cat > a.py <<'E'
def load(rows):
    return rows['@w@']
load({'@v@': @n@})
E
python3 a.py
#: chained from
#: must RuntimeError: could not load @w@
cat > a.py <<'E'
def read():
    return {}['@v@']
try:
    read()
except KeyError as error:
    raise RuntimeError("could not load @w@") from error
E
python3 a.py
#: an exception with notes
#: must ValueError: @w@ is not a number
cat > a.py <<'E'
error = ValueError("@w@ is not a number")
error.add_note("in file @v@.csv, line @n@")
error.add_note("see the manual for the format of numbers")
raise error
E
python3 a.py
#: exception group
#: must (ExceptionGroup: @w@ tasks failed|TypeError: @v@ must be)
cat > a.py <<'E'
raise ExceptionGroup("@w@ tasks failed", [TypeError("@v@ must be int"), OSError(@m@, "no luck")])
E
python3 a.py
#: a warning after the traceback
#: must ZeroDivisionError: division by zero
cat > a.py <<'E'
import atexit, sys
def bye():
    sys.stderr.write("/usr/lib/python3/dist-packages/@v@/pool.py:@n@: ResourceWarning: unclosed pool @w@\n  warnings.warn('unclosed')\n")
atexit.register(bye)
print(@n@ / 0)
E
python3 a.py
#: syntax error
#: must SyntaxError: (invalid syntax|'\(' was never closed)
cat > a.py <<'E'
x = 1
print("@w@", (x
E
python3 a.py
#: multi line message
#: must ValueError: .*(bad rows in @w@|1 bad)
cat > a.py <<'E'
raise ValueError("bad rows in @w@:\n - row @n@: no @v@\n - row @m@: no @v@")
E
python3 a.py
#: sys.exit with a text
#: must no @w@ for @n@
python3 -c 'import sys; print("reading"); sys.exit("no @w@ for @n@")'
#: argparse
#: must (the following arguments are required: --@w@|invalid int value)
cat > a.py <<'E'
import argparse
p = argparse.ArgumentParser(prog="load")
p.add_argument("--@w@", required=True, help="which @w@")
p.add_argument("-n", type=int)
p.parse_args(["-n", "@n@"])
E
python3 a.py
#: logged with exc_info
#: must (LookupError: @w@ @n@|could not post @v@)
cat > a.py <<'E'
import logging, sys
logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("@v@")
log.info("start")
try:
    raise LookupError("@w@ @n@")
except LookupError:
    log.exception("could not post @v@")
log.info("shutting down")
sys.exit(3)
E
python3 a.py
#: import of a module that is missing
#: must ModuleNotFoundError: No module named '@w@_@v@'
echo 'import @w@_@v@.core' > a.py; python3 a.py
#: pydantic
#: must validation errors? for @W@
cat > a.py <<'E'
from pydantic import BaseModel
class @W@(BaseModel):
    @v@: int
    total: float
@W@(**{"@v@": "x@n@"})
E
python3 a.py
#: sqlalchemy
#: must no such table: @w@
#: not ^\[SQL|Background on this error
cat > a.py <<'E'
import sqlalchemy as sa
with sa.create_engine("sqlite://").connect() as c:
    c.execute(sa.text("SELECT * FROM @w@ WHERE id = @n@"))
E
python3 a.py
#: killed worker in a pool
#: must BrokenProcessPool|terminated abruptly
cat > a.py <<'E'
import concurrent.futures as f, os
def go(n): os._exit(n)
if __name__ == "__main__":
    with f.ProcessPoolExecutor(1) as p:
        print(p.submit(go, @m@).result())
E
python3 a.py
#: unraisable at the end
#: must FileNotFoundError: .*@w@
cat > a.py <<'E'
class Pool:
    def __del__(self):
        raise RuntimeError("pool was not closed")
p = Pool()
open("@w@-@n@.csv")
E
python3 a.py
