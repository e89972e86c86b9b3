#: missing column
#: program pandas
#: must KeyError: '@w@_total'
cat > a.py <<'E'
import pandas as pd
df = pd.DataFrame({"@v@": [1, 2]})
print(df["@w@_total"].sum())
E
python3 a.py
#: merge on unlike types
#: program pandas
#: must ValueError: You are trying to merge on
cat > a.py <<'E'
import pandas as pd
a = pd.DataFrame({"@w@": [1, 2]}); b = pd.DataFrame({"@w@": ["x", "y"]})
print(a.merge(b, on="@w@"))
E
python3 a.py
#: csv tokenizing
#: program pandas
#: must ParserError: Error tokenizing data.*Expected 2 fields in line 3, saw 4
printf 'a,b\n1,2\n3,4,5,6\n' > @w@.csv
python3 -c 'import pandas as pd; pd.read_csv("@w@.csv")'
#: shapes
#: program numpy
#: must ValueError: (operands could not be broadcast|shapes)
cat > a.py <<'E'
import numpy as np
np.log(np.array([0.0]))
print(np.ones((3, @m@)) + np.ones((2, @n@)))
E
python3 a.py
#: singular
#: program numpy
#: must LinAlgError: Singular matrix
python3 -c 'import numpy as np; np.linalg.inv(np.zeros((@m@,@m@)))'
#: no such table
#: program django
#: must (OperationalError: no such table: @w@|no such table: @w@)
cat > a.py <<'E'
import django
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}, INSTALLED_APPS=[])
django.setup()
from django.db import models
class Row(models.Model):
    class Meta:
        app_label = "x"; db_table = "@w@"
print(Row.objects.count())
E
python3 a.py
#: bad settings module
#: program django
#: must (No module named '@w@_settings')
DJANGO_SETTINGS_MODULE=@w@_settings django-admin check
#: unknown command
#: program django
#: must Unknown command: '@w@'
django-admin @w@
#: improperly configured
#: program django
#: must (ImproperlyConfigured: settings.DATABASES|ENGINE value)
cat > a.py <<'E'
import django
from django.conf import settings
settings.configure()
django.setup()
from django.db import connection
connection.cursor()
E
python3 a.py
#: app import
#: program flask
#: must (Could not import '@w@'|Failed to find)
flask --app @w@ routes
#: broken app
#: program flask
#: must (While importing 'a'|ImportError|NameError: name '@w@')
printf 'import os\nx = @w@\n' > a.py
flask --app a routes
#: broker away
#: program celery
#: must (Connection refused|Error 111|OperationalError|no attribute 'Redis')
celery -b redis://127.0.0.1:@x@/0 inspect ping --timeout 1
#: no such module
#: program celery
#: must Unable to load celery application.*
celery -A @w@_tasks worker
#: logged exception
#: program logging
#: must (ValueError: @w@ is not a number|import failed)
cat > a.py <<'E'
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-8s [%(name)s] %(message)s")
log = logging.getLogger("@v@")
log.info("begin")
try:
    raise ValueError("@w@ is not a number")
except ValueError:
    log.exception("import failed for row @n@")
log.info("connection closed")
sys.exit(2)
E
python3 a.py
#: json logs
#: program json-logs
#: must @w@ quota exceeded
cat > a.py <<'E'
import json, sys
def log(level, msg, **kw): print(json.dumps({"ts": "2026-01-05T10:00:00Z", "level": level, "msg": msg, **kw}), file=sys.stderr)
log("info", "starting", version="1.2.@m@")
log("error", "@w@ quota exceeded", account=@n@)
log("info", "shutdown complete")
sys.exit(1)
E
python3 a.py
#: json logs with severity
#: program json-logs
#: must cannot lock @w@
cat > a.py <<'E'
import json, sys
for sev, m in (("INFO", "boot"), ("WARNING", "slow disk"), ("ERROR", "cannot lock @w@"), ("INFO", "bye")):
    print(json.dumps({"severity": sev, "message": m, "logger": "@v@"}))
sys.exit(3)
E
python3 a.py
#: logfmt
#: program logfmt
#: must could not reach @w@
cat > a.py <<'E'
import sys
print('time=2026-01-05T10:00:00Z level=info msg="boot"', file=sys.stderr)
print('time=2026-01-05T10:00:01Z level=error msg="could not reach @w@" attempt=@m@', file=sys.stderr)
print('time=2026-01-05T10:00:02Z level=info msg="stopped"', file=sys.stderr)
sys.exit(1)
E
python3 a.py
#: multiprocessing pool
#: program multiprocessing
#: must ZeroDivisionError: (integer )?division
cat > a.py <<'E'
from multiprocessing import Pool
def f(x): return @n@ // x
if __name__ == "__main__":
    with Pool(2) as p: print(p.map(f, [1, 0, 2]))
E
python3 a.py
#: asyncio task
#: program asyncio
#: must (TimeoutError|ConnectionRefusedError|Connect call failed)
cat > a.py <<'E'
import asyncio
async def main():
    await asyncio.open_connection("127.0.0.1", @x@)
asyncio.run(main())
E
python3 a.py
#: subprocess
#: program subprocess
#: must (@w@.csv|CalledProcessError)
cat > a.py <<'E'
import subprocess
subprocess.run(["cat", "/nonexistent/@w@.csv"], check=True)
E
python3 a.py
