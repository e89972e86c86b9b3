#: requests 404
#: program requests
#: must 404
python3 -c '
import http.server, threading, requests
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_error(404)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
requests.get(f"http://127.0.0.1:{s.server_port}/v1/@w@/@n@").raise_for_status()'
#: requests 503
#: program requests
#: must 503
python3 -c '
import http.server, threading, requests
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_error(503)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
requests.get(f"http://127.0.0.1:{s.server_port}/v1/@w@/@n@").raise_for_status()'
#: requests refused
#: program requests
#: must refused
python3 -c 'import requests; requests.get("http://127.0.0.1:@x@/@w@/@n@")'
#: requests bad scheme
#: program requests
#: must (No connection adapters|InvalidSchema)
python3 -c 'import requests; requests.get("@w@://host-@n@/@v@")'
#: httpx 429
#: program httpx
#: must 429
python3 -c '
import http.server, threading, httpx
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self): self.send_error(429)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
httpx.post(f"http://127.0.0.1:{s.server_port}/@w@/@n@").raise_for_status()'
#: httpx 401
#: program httpx
#: must 401
python3 -c '
import http.server, threading, httpx
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self): self.send_error(401)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
httpx.post(f"http://127.0.0.1:{s.server_port}/@w@/@n@").raise_for_status()'
#: httpx read timeout
#: program httpx
#: must ReadTimeout|timed out
python3 -c '
import socket, httpx
s = socket.create_server(("127.0.0.1", 0)); httpx.get(f"http://127.0.0.1:{s.getsockname()[1]}/@w@/@n@", timeout=0.2)'
#: aiohttp refused
#: program aiohttp
#: must Cannot connect
python3 -c '
import aiohttp, asyncio
async def main():
    async with aiohttp.ClientSession() as s:
        await s.get("http://127.0.0.1:@x@/@w@/@n@")
asyncio.run(main())'
#: aiohttp not json
#: program aiohttp
#: must ContentTypeError|unexpected mimetype
python3 -c '
import aiohttp, asyncio
from aiohttp import web
async def main():
    async def h(r): return web.Response(text="<p>@w@</p>", content_type="text/html")
    app = web.Application(); app.router.add_get("/{x:.*}", h); r = web.AppRunner(app); await r.setup(); t = web.TCPSite(r, "127.0.0.1", 0); await t.start()
    async with aiohttp.ClientSession() as s:
        async with s.get(f"http://127.0.0.1:{t._server.sockets[0].getsockname()[1]}/@w@/@n@") as a: await a.json()
asyncio.run(main())'
#: sqlalchemy no table
#: program sqlalchemy
#: must no such table
python3 -c 'import sqlalchemy as s; s.create_engine("sqlite://").connect().execute(s.text("select * from @w@_@v@ where id = @n@"))'
#: sqlalchemy unique
#: program sqlalchemy
#: must UNIQUE constraint
python3 -c '
import sqlalchemy as s
c = s.create_engine("sqlite://").connect()
c.execute(s.text("create table @w@ (@v@ int unique)")); c.execute(s.text("insert into @w@ values (@n@)")); c.execute(s.text("insert into @w@ values (@n@)"))'
#: sqlalchemy not null
#: program sqlalchemy
#: must NOT NULL constraint
python3 -c '
import sqlalchemy as s
c = s.create_engine("sqlite://").connect()
c.execute(s.text("create table @w@ (@v@ int not null)")); c.execute(s.text("insert into @w@ values (null)"))'
#: sqlalchemy dialect
#: program sqlalchemy
#: must load plugin
python3 -c 'import sqlalchemy as s; s.create_engine("@w@://db-@n@/@v@")'
#: psycopg no database
#: program psycopg
#: must does not exist
python3 -c 'import psycopg; psycopg.connect("host=127.0.0.1 user=postgres dbname=@w@_@n@")'
#: psycopg refused
#: program psycopg
#: must refused
python3 -c 'import psycopg; psycopg.connect("host=127.0.0.1 port=@x@ user=@w@ dbname=@v@")'
#: psycopg undefined table
#: program psycopg
#: must relation .* does not exist
python3 -c 'import psycopg; psycopg.connect("host=127.0.0.1 user=postgres dbname=postgres").execute("select @v@ from @w@_@n@")'
#: psycopg syntax
#: program psycopg
#: must syntax error
python3 -c 'import psycopg; psycopg.connect("host=127.0.0.1 user=postgres dbname=postgres").execute("selec @n@ as @w@")'
#: psycopg division
#: program psycopg
#: must division by zero
python3 -c 'import psycopg; psycopg.connect("host=127.0.0.1 user=postgres dbname=postgres").execute("select @n@ / 0 as @w@")'
#: psycopg statement timeout
#: program psycopg
#: must statement timeout
python3 -c 'import psycopg; psycopg.connect("host=127.0.0.1 user=postgres dbname=postgres options=-cstatement_timeout=100").execute("select pg_sleep(@m@)")'
#: pymysql unknown database
#: program pymysql
#: must Unknown database
python3 -c 'import pymysql; pymysql.connect(host="127.0.0.1", user="root", database="@w@_@n@")'
#: pymysql refused
#: program pymysql
#: must (Can't connect|refused)
python3 -c 'import pymysql; pymysql.connect(host="127.0.0.1", port=@x@, user="@w@", database="@v@")'
#: pymongo refused
#: program pymongo
#: must (refused|ServerSelectionTimeout)
python3 -c 'import pymongo; pymongo.MongoClient("127.0.0.1", @x@, serverSelectionTimeoutMS=300).@w@.@v@.find_one({"id": @n@})'
#: redis refused
#: program redis-py
#: must refused
python3 -c 'import redis; redis.Redis(port=@x@).get("@w@:@n@")'
#: redis wrong type
#: program redis-py
#: must WRONGTYPE
python3 -c 'import redis; r = redis.Redis(); r.delete("later:@w@:@n@"); r.lpush("later:@w@:@n@", 1); r.expire("later:@w@:@n@", 5); r.incr("later:@w@:@n@")'
#: pika refused
#: program pika
#: must (AMQPConnectionError|refused)
python3 -c 'import pika; pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", @x@, connection_attempts=1, blocked_connection_timeout=1)).channel().queue_declare("@w@")'
#: grpc unavailable
#: program grpcio
#: must (UNAVAILABLE|failed to connect)
python3 -c 'import grpc; grpc.insecure_channel("127.0.0.1:@x@").unary_unary("/@w@.@W@/Get@V@")(b"", timeout=3)'
#: duckdb no table
#: program duckdb
#: must Catalog Error
python3 -c 'import duckdb; duckdb.sql("select * from @w@_@v@ where id = @n@")'
#: duckdb no column
#: program duckdb
#: must Binder Error
python3 -c 'import duckdb; duckdb.sql("create table @v@ (a int)"); duckdb.sql("select @w@ from @v@ where a = @n@")'
#: duckdb conversion
#: program duckdb
#: must Conversion Error
python3 -c 'import duckdb; duckdb.sql("select cast(chr(120) || @n@ as int) as @w@").fetchall()'
#: duckdb no file
#: program duckdb
#: must No files found
python3 -c 'import duckdb; duckdb.sql("select * from read_csv(\"@w@/@v@-@n@.csv\")".replace("\"", chr(39)))'
#: polars no column
#: program polars
#: must @v@
python3 -c 'import polars; polars.DataFrame({"@w@": [@n@]}).select("@v@")'
#: polars no file
#: program polars
#: must No such file
python3 -c 'import polars; polars.read_csv("@w@/@v@-@n@.csv")'
#: poetry bad file
#: program poetry
#: must (configuration is invalid|Invalid TOML|Unexpected)
printf '[tool.poetry]\nname = "@w@"\nversion = @n@\n' > pyproject.toml; poetry check
#: uv no python project
#: program uv
#: must No .pyproject.toml
uv sync --offline
#: uv broken file
#: program uv
#: must (TOML parse error|Failed to parse)
printf '[project\nname = "@w@"\n' > pyproject.toml; uv sync --offline
#: uv no requirements
#: program uv
#: must (File not found|No such file)
uv pip install --offline -r @w@-@n@.txt
#: uv no version
#: program uv
#: must No solution found
uv venv -q .venv; uv pip install --offline '@p@>@n@'
#: hatch no environment
#: program hatch
#: must (Unknown environment|No project|must|Environment)
printf '[project]\nname = "@w@"\nversion = "@n@"\n' > pyproject.toml; hatch run @v@:test
#: pre-commit no config
#: program pre-commit
#: must pre-commit-config
git init -q .; pre-commit run @w@
#: pre-commit bad yaml
#: program pre-commit
#: must (InvalidConfigError|Expected|Missing|mapping)
git init -q .; printf 'repos:\n- repo: local\n  hooks:\n  - id: @w@\n' > .pre-commit-config.yaml; git add .; pre-commit run @w@
#: pre-commit hook fails
#: program pre-commit
#: must (hook id|Failed|@w@)
git init -q .; printf 'repos:\n- repo: local\n  hooks:\n  - id: @w@\n    name: check @w@\n    language: system\n    entry: bash -c "echo @v@.csv is stale; exit @m@"\n    pass_filenames: false\n' > .pre-commit-config.yaml; git add .; pre-commit run @w@
#: bandit no file
#: program bandit
#: must (No such file|Error|Usage|not)
bandit -c @w@-@n@.yaml a.py
#: mkdocs no config
#: program mkdocs
#: must Config file .* does not exist
mkdocs build -f @w@-@n@.yml
#: mkdocs bad theme
#: program mkdocs
#: must (theme|Config value)
mkdir docs; touch docs/index.md; printf 'site_name: @w@\ntheme: @v@\n' > mkdocs.yml; mkdocs build
#: mkdocs strict
#: program mkdocs
#: must (Aborted with|strict mode)
mkdir docs; printf '# a\n[b](@w@-@n@.md)\n' > docs/index.md; printf 'site_name: @v@\n' > mkdocs.yml; mkdocs build --strict
#: cookiecutter no template
#: program cookiecutter
#: must could not be found
cookiecutter ./@w@-@n@
#: papermill no notebook
#: program papermill
#: must No such file
papermill @w@-@n@.ipynb b.ipynb
#: gunicorn no module
#: program gunicorn
#: must (No module named|Worker failed to boot)
gunicorn -b 127.0.0.1:0 @w@_@v@:app
#: gunicorn no application
#: program gunicorn
#: must (Failed to find attribute|failed to boot)
echo 'x = @n@' > @w@_app.py; gunicorn -b 127.0.0.1:0 @w@_app:@v@
#: uvicorn no module
#: program uvicorn
#: must Could not import module
uvicorn --port 0 @w@_@v@:app
#: uvicorn no attribute
#: program uvicorn
#: must Attribute .* not found
echo 'x = @n@' > @w@_app.py; uvicorn --port 0 @w@_app:@v@
#: fabric no task
#: program fabric
#: must No idea what
echo 'from fabric import task' > fabfile.py; fab @w@-@v@
#: pycodestyle
#: program pycodestyle
#: must E\d+
printf 'import os\ndef @w@ ( a ) :\n  return a+@n@\n' > @v@.py; pycodestyle @v@.py
#: check-jsonschema
#: program check-jsonschema
#: must (Schema validation errors|is not of type)
printf '{"type": "object", "properties": {"@w@": {"type": "string"}}}' > s.json; printf '{"@w@": @n@}' > @v@.json; check-jsonschema --schemafile s.json @v@.json
#: csvkit no column
#: program csvkit
#: must (Column|invalid)
printf '@v@,b\n1,2\n' > @v@.csv; csvcut -c @w@ @v@.csv
#: twine no files
#: program twine
#: must Cannot find file
twine check dist/@w@-@n@.whl
#: cython syntax
#: program cython
#: must (Expected|Error compiling)
printf 'def @w@(:\n    return @n@\n' > @v@.pyx; cython @v@.pyx
#: cython undeclared
#: program cython
#: must undeclared name
printf 'cdef int @w@():\n    return @v@_total\n' > @v@.pyx; cython @v@.pyx
#: marshmallow
#: program marshmallow
#: must (Missing data|ValidationError)
python3 -c '
from marshmallow import Schema, fields
class S(Schema):
    @w@ = fields.Int(required=True)
S().load({})'
#: yaml scan
#: program pyyaml
#: must (mapping values|expected|could not find)
printf '@w@: a\n  @v@: b: @n@\n' > @w@.yaml; python3 -c 'import yaml; yaml.safe_load(open("@w@.yaml"))'
#: jsonschema type
#: program jsonschema
#: must is not of type
python3 -c 'import jsonschema; jsonschema.validate({"@w@": "@v@"}, {"properties": {"@w@": {"type": "number"}}})'
#: jsonschema required
#: program jsonschema
#: must is a required property
python3 -c 'import jsonschema; jsonschema.validate({}, {"required": ["@w@"]})'
#: jinja undefined
#: program jinja2
#: must is undefined
python3 -c 'import jinja2; jinja2.Environment(undefined=jinja2.StrictUndefined).from_string("{{ @w@ }} @n@").render()'
#: jinja no template
#: program jinja2
#: must TemplateNotFound|not found in search path
python3 -c 'import jinja2; jinja2.Environment(loader=jinja2.FileSystemLoader(".")).get_template("@w@/@v@.html")'
#: jinja syntax
#: program jinja2
#: must (TemplateSyntaxError|expected|Unexpected|unknown tag)
python3 -c 'import jinja2; jinja2.Template("{% @w@ @v@ %}")'
#: lxml
#: program lxml
#: must (XMLSyntaxError|mismatch)
python3 -c 'import lxml.etree as e; e.fromstring("<@w@><@v@>@n@</@w@>")'
#: doit task fails
#: program doit
#: must (TaskFailed|Command failed|@w@)
printf 'def task_@w@():\n    return {"actions": ["exit @m@"]}\n' > dodo.py; doit
#: paramiko refused
#: program paramiko
#: must (Unable to connect|refused)
python3 -c 'import paramiko; c = paramiko.SSHClient(); c.connect("127.0.0.1", port=@x@, username="@w@")'
