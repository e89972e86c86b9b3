#: pipenv no package
#: program pip-compile
#: must (Could not find a version|No matching distribution|ResolutionImpossible|Connection|Max retries)
echo '@w@-@v@==@n@.0' > requirements.in; pip-compile -q --no-index requirements.in
#: build no project
#: program build
#: must (does not appear to be|Neither|pyproject|is not a directory)
python3 -m build --no-isolation @w@
#: build broken project
#: program build
#: must (Invalid|TOML|Failed to parse|Expected)
printf '[project\nname = "@w@"\n' > pyproject.toml; python3 -m build --no-isolation
#: build backend missing
#: program build
#: must (Cannot import|No module named|not available|Backend|Missing dependencies)
printf '[build-system]\nrequires = []\nbuild-backend = "@w@_@v@.api"\n' > pyproject.toml; python3 -m build --no-isolation
#: flit
#: program flit
#: must (must be specified|required|missing)
printf '[project]\nname = "@w@"\n[build-system]\nrequires=["flit_core"]\nbuild-backend="flit_core.buildapi"\n' > pyproject.toml; flit build
#: hypothesis
#: program hypothesis
#: must (AssertionError|assert|Falsifying)
printf 'from hypothesis import given, strategies as s\n@given(s.integers())\ndef check_@w@(a):\n    assert a < @n@\ncheck_@w@()\n' | sed 's/^@given/@given/' > a.py; python3 a.py
#: nose2 import
#: program nose2
#: must (No module named|ModuleNotFoundError)
printf 'import @w@_@v@\n' > test_a.py; python3 -m nose2
#: coverage under
#: program coverage
#: must (less than fail-under|total of)
printf 'def @w@(a):\n    if a:\n        return 1\n    return 2\n@w@(1)\nif False:\n    @v@ = 1\n    b = 2\n' > a.py; coverage run a.py; coverage report --fail-under=99
#: coverage no data
#: program coverage
#: must No data to report
coverage report --include='@w@/*'
#: isort
#: program isort
#: must incorrectly sorted
printf 'import sys\nimport os\n' > @w@_@v@.py; isort --check-only @w@_@v@.py
#: tornado refused
#: program tornado
#: must (refused)
python3 -c 'from tornado.httpclient import HTTPClient; HTTPClient().fetch("http://127.0.0.1:@x@/@w@/@n@")'
#: tornado 599
#: program tornado
#: must (599|Timeout|timed out)
python3 -c '
import socket
from tornado.httpclient import HTTPClient
s = socket.create_server(("127.0.0.1", 0)); HTTPClient().fetch(f"http://127.0.0.1:{s.getsockname()[1]}/@w@/@n@", request_timeout=0.3)'
#: tornado 404
#: program tornado
#: must 404
python3 -c '
import http.server, threading
from tornado.httpclient import HTTPClient
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_error(404)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
HTTPClient().fetch(f"http://127.0.0.1:{s.server_port}/v1/@w@/@n@")'
#: urllib 502
#: program urllib
#: must 502
python3 -c '
import http.server, threading, urllib.request
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_error(502)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
urllib.request.urlopen(f"http://127.0.0.1:{s.server_port}/v1/@w@/@n@")'
#: urllib 403
#: program urllib
#: must 403
python3 -c '
import http.server, threading, urllib.request
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_error(403)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
urllib.request.urlopen(f"http://127.0.0.1:{s.server_port}/v1/@w@/@n@")'
#: urllib closed
#: program urllib
#: must (RemoteDisconnected|Remote end closed|reset)
python3 -c '
import socket, threading, urllib.request
s = socket.create_server(("127.0.0.1", 0))
def serve():
    c, _ = s.accept(); c.recv(100); c.close()
threading.Thread(target=serve, daemon=True).start()
urllib.request.urlopen(f"http://127.0.0.1:{s.getsockname()[1]}/@w@/@n@")'
#: smtplib refused
#: program smtplib
#: must refused
python3 -c 'import smtplib; smtplib.SMTP("127.0.0.1", @x@)'
#: smtplib refused by words
#: program smtplib
#: must (550|SMTPRecipientsRefused|no such user)
python3 -c '
import socket, threading, smtplib
s = socket.create_server(("127.0.0.1", 0))
def serve():
    c, _ = s.accept(); c.sendall(b"220 a\r\n")
    for answer in (b"250 a\r\n", b"250 ok\r\n", b"550 5.1.1 no such user\r\n", b"250 ok\r\n"):
        c.recv(500); c.sendall(answer)
threading.Thread(target=serve, daemon=True).start()
smtplib.SMTP("127.0.0.1", s.getsockname()[1]).sendmail("a@example.org", ["@w@@example.org"], "x")'
#: futures timeout
#: program futures
#: must TimeoutError
python3 -c '
import concurrent.futures, time
with concurrent.futures.ThreadPoolExecutor() as pool:
    pool.submit(time.sleep, 1).result(timeout=0.1)'
#: broken pool
#: program futures
#: must BrokenProcessPool
printf 'import concurrent.futures, os\ndef @w@(): os._exit(@m@ %% 100 + 1)\nif __name__ == "__main__":\n    with concurrent.futures.ProcessPoolExecutor(1) as pool:\n        pool.submit(@w@).result()\n' > @v@.py; python3 @v@.py
#: wait_for
#: program futures
#: must TimeoutError
python3 -c '
import asyncio
async def @w@(): await asyncio.wait_for(asyncio.sleep(@n@), 0.1)
asyncio.run(@w@())'
#: kubernetes client refused
#: program kubernetes-py
#: must (refused|Max retries)
python3 -c '
import kubernetes.client as k
c = k.Configuration(); c.host = "http://127.0.0.1:@x@"; c.retries = 0
k.CoreV1Api(k.ApiClient(c)).list_namespaced_pod("@w@")'
#: kubernetes client 404
#: program kubernetes-py
#: must (404|Not Found|not found)
python3 -c '
import http.server, threading, kubernetes.client as k
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        b = b"{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"pods \\\"@w@-@v@\\\" not found\",\"reason\":\"NotFound\",\"code\":404}"
        self.send_response(404); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
c = k.Configuration(); c.host = f"http://127.0.0.1:{s.server_port}"
k.CoreV1Api(k.ApiClient(c)).read_namespaced_pod("@w@-@v@", "@w@")'
#: docker sdk
#: program docker-py
#: must (Error while fetching server API version|refused|No such file|Connection aborted)
python3 -c 'import docker; docker.DockerClient("tcp://127.0.0.1:@x@").containers.run("@w@:@n@")'
#: vault refused
#: program hvac
#: must (refused|Max retries)
python3 -c 'import hvac; hvac.Client("http://127.0.0.1:@x@", token="a").secrets.kv.read_secret_version(path="@w@/@v@")'
#: vault forbidden
#: program hvac
#: must (permission denied|Forbidden)
python3 -c '
import http.server, threading, hvac
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        b = b"{\"errors\":[\"permission denied\"]}"
        self.send_response(403); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
hvac.Client(f"http://127.0.0.1:{s.server_port}", token="a").secrets.kv.v2.read_secret_version(path="@w@/@v@")'
#: clickhouse refused
#: program clickhouse-connect
#: must (refused|Max retries)
python3 -c 'import clickhouse_connect; clickhouse_connect.get_client(host="127.0.0.1", port=@x@, database="@w@")'
#: cassandra away
#: program cassandra-driver
#: must (NoHostAvailable|Unable to connect|refused)
python3 -W ignore -c 'from cassandra.cluster import Cluster; Cluster(["127.0.0.1"], port=@x@).connect("@w@")'
#: neo4j away
#: program neo4j
#: must (Couldn't connect|ServiceUnavailable|refused)
python3 -c 'import neo4j; neo4j.GraphDatabase.driver("bolt://127.0.0.1:@x@").execute_query("MATCH (a:@W@) RETURN a")'
#: minio away
#: program minio
#: must (refused|Max retries)
python3 -c 'import minio, urllib3; minio.Minio(endpoint="127.0.0.1:@x@", access_key="a", secret_key="b", secure=False, http_client=urllib3.PoolManager(retries=1)).bucket_exists(bucket_name="@w@-@v@")'
#: minio no key
#: program minio
#: must NoSuchKey
python3 -c '
import http.server, threading, minio
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        b = b"<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>@v@/@n@</Key><BucketName>@w@-data</BucketName><Resource>/@w@</Resource><RequestId>17@n@</RequestId></Error>"
        self.send_response(404); self.send_header("Content-Type", "application/xml"); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
minio.Minio(endpoint=f"127.0.0.1:{s.server_port}", access_key="a", secret_key="b", secure=False, region="us-east-1").get_object(bucket_name="@w@-data", object_name="@v@/@n@")'
#: nats away
#: program nats
#: must (NoServersError|no servers|refused)
python3 -c '
import asyncio, nats
asyncio.run(nats.connect("nats://127.0.0.1:@x@", allow_reconnect=False))'
#: mqtt refused
#: program paho-mqtt
#: must refused
python3 -c 'import paho.mqtt.publish as p; p.single("@w@/@v@", "@n@", hostname="127.0.0.1", port=@x@)'
#: ldap away
#: program ldap3
#: must (refused|LDAPSocketOpenError|unable to open socket)
python3 -c 'import ldap3; ldap3.Connection(ldap3.Server("127.0.0.1", port=@x@), "cn=@w@", "b", auto_bind=True)'
#: asyncssh refused
#: program asyncssh
#: must a coroutine was expected
python3 -c '
import asyncio, asyncssh
asyncio.run(asyncssh.connect("127.0.0.1", port=@x@, username="@w@"))'
#: trino away
#: program trino
#: must (refused|Max retries|failed)
python3 -c 'import trino; trino.dbapi.connect(host="127.0.0.1", port=@x@, user="@w@", max_attempts=1).cursor().execute("select @n@")'
#: oracle away
#: program oracledb
#: must (DPY-6005|cannot connect|refused)
python3 -c 'import oracledb; oracledb.connect(user="@w@", password="b", dsn="127.0.0.1:@x@/@v@")'
#: oracle no name
#: program oracledb
#: must (DPY-4000|DPY-4027|unable to find)
python3 -c 'import oracledb; oracledb.connect(user="a", password="b", dsn="@w@_@v@")'
#: blob refused
#: program azure-blob
#: must (refused|Failed to establish|ServiceRequestError)
python3 -c '
from azure.storage.blob import BlobClient
BlobClient("http://127.0.0.1:@x@/@w@", "@v@", "a/@n@.csv", retry_total=0).download_blob()'
#: blob not found
#: program azure-blob
#: must (BlobNotFound|does not exist|ResourceNotFound)
python3 -c '
import http.server, threading
from azure.storage.blob import BlobClient
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        b = b"<?xml version=\"1.0\"?><Error><Code>BlobNotFound</Code><Message>The specified blob does not exist.\nRequestId:5@n@4-1\nTime:2026-01-05T10:20:31.0Z</Message></Error>"
        self.send_response(404); self.send_header("x-ms-error-code", "BlobNotFound"); self.send_header("Content-Type", "application/xml"); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
BlobClient(f"http://127.0.0.1:{s.server_port}/@w@", "@v@", "a/@n@.csv", retry_total=0).download_blob()'
#: opensearch missing index
#: program opensearch
#: must (index_not_found_exception|no such index)
python3 -c '
import http.server, threading, opensearchpy
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        b = b"{\"error\":{\"root_cause\":[{\"type\":\"index_not_found_exception\"}],\"type\":\"index_not_found_exception\",\"reason\":\"no such index [@w@-@n@]\"},\"status\":404}"
        self.send_response(404); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
    do_GET = do_POST
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
opensearchpy.OpenSearch(f"http://127.0.0.1:{s.server_port}").search(index="@w@-@n@")'
#: opensearch busy
#: program opensearch
#: must 429
python3 -c '
import http.server, threading, opensearchpy
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        b = b"{\"error\":{\"type\":\"es_rejected_execution_exception\",\"reason\":\"rejected execution of task @n@ on queue capacity 1000\"},\"status\":429}"
        self.send_response(429); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
    do_GET = do_POST
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
opensearchpy.OpenSearch(f"http://127.0.0.1:{s.server_port}", max_retries=0).search(index="@w@-@v@")'
#: msgspec
#: program msgspec
#: must (ValidationError|Expected)
python3 -c '
import msgspec
class A(msgspec.Struct):
    @w@: int
msgspec.json.decode(b"{\"@w@\": \"@v@\"}", type=A)'
#: openpyxl
#: program openpyxl
#: must (BadZipFile|not a zip file)
echo @w@ > @v@.xlsx; python3 -c 'import openpyxl; openpyxl.load_workbook("@v@.xlsx")'
#: openpyxl sheet
#: program openpyxl
#: must (does not exist|KeyError)
python3 -c 'import openpyxl; openpyxl.Workbook()["@W@ @n@"]'
#: pillow
#: program pillow
#: must (UnidentifiedImageError|cannot identify)
echo @w@ > @v@.png; python3 -c 'from PIL import Image; Image.open("@v@.png")'
#: pillow truncated
#: program pillow
#: must truncated
python3 -c '
import io
from PIL import Image
b = io.BytesIO(); Image.effect_noise((200, 200), @n@).save(b, "JPEG"); Image.open(io.BytesIO(b.getvalue()[:2000 + @m@])).load()'
#: h5py
#: program h5py
#: must (Unable to .*open file|No such file)
python3 -c 'import h5py; h5py.File("@w@-@n@.h5", "r")'
#: h5py key
#: program h5py
#: must (doesn't exist|KeyError)
python3 -c 'import h5py; h5py.File("@w@.h5", "w")["@v@"]'
#: xarray
#: program xarray
#: must (KeyError|No variable named)
python3 -c 'import xarray; xarray.Dataset({"@w@": ("x", list(range(@m@)))})["@v@"]'
#: scipy
#: program scipy
#: must (singular|LinAlgError)
python3 -c 'import scipy.linalg, numpy; scipy.linalg.inv(numpy.zeros((@m@, @m@)))'
#: scipy shapes
#: program scipy
#: must (incompatible|shapes)
python3 -c 'import scipy.linalg, numpy; scipy.linalg.solve(numpy.eye(@m@), numpy.ones(@n@ + 400))'
#: sympy
#: program sympy
#: must (SympifyError|could not parse|SyntaxError|TokenError)
python3 -c 'import sympy; sympy.sympify("@w@ + (@n@")'
#: networkx
#: program networkx
#: must (not in G|NodeNotFound|No path)
python3 -c 'import networkx; networkx.shortest_path(networkx.path_graph(@m@), 0, "@w@")'
#: matplotlib
#: program matplotlib
#: must (must have same first dimension)
python3 -c 'import matplotlib; matplotlib.use("agg"); import matplotlib.pyplot as p; p.plot(range(@m@), range(@n@ + 400))'
#: nltk
#: program nltk
#: must (Resource .*not found|LookupError)
python3 -c 'import nltk; nltk.data.find("corpora/@w@_@v@")'
#: huey
#: program huey
#: must (No module named|Error importing)
huey_consumer.py @w@_@v@.huey
#: rq away
#: program rq
#: must refused
rq worker -u redis://127.0.0.1:@x@ @w@
#: dramatiq
#: program dramatiq
#: must (No module named|Worker process|import)
timeout 60 dramatiq -p 1 @w@_@v@
#: conan
#: program conan
#: must (Conanfile not found|ERROR)
conan install @w@/@v@
#: zig
#: program zig
#: must use of undeclared identifier
printf 'pub fn main() void {\n    _ = @w@;\n}\n' > @v@.zig; ZIG_GLOBAL_CACHE_DIR=/tmp/outputs-zig python3 -m ziglang build-exe @v@.zig
#: zig unused
#: program zig
#: must unused local
printf 'pub fn main() void {\n    const @w@ = @n@;\n}\n' > @v@.zig; ZIG_GLOBAL_CACHE_DIR=/tmp/outputs-zig python3 -m ziglang build-exe @v@.zig
#: zig file
#: program zig
#: must (FileNotFound|unable to load|not found)
ZIG_GLOBAL_CACHE_DIR=/tmp/outputs-zig python3 -m ziglang build-exe @w@/@v@.zig
#: pytest internal
#: program pytest
#: must (unrecognized arguments|error)
pytest -q --@w@=@n@
#: pytest marker
#: program pytest
#: must ('@w@' not found in .markers|errors? during collection)
printf 'import pytest\n@pytest.mark.@w@\ndef test_a(): pass\n' > test_@v@.py; pytest -q --strict-markers test_@v@.py
#: pytest raises
#: program pytest
#: must DID NOT RAISE
printf 'import pytest\ndef test_@w@():\n    with pytest.raises(ValueError):\n        int("@n@")\n' > test_@v@.py; pytest -q test_@v@.py
#: pytest setup error
#: program pytest
#: must (KeyError|@w@)
printf 'import pytest\n@pytest.fixture\ndef @v@():\n    return {}["@w@"]\ndef test_a(@v@): pass\n' > test_a.py; pytest -q test_a.py
#: pytest timeout
#: program pytest
#: must Timeout
printf 'import time\ndef test_@w@():\n    time.sleep(9)\n' > test_@v@.py; pytest -q --timeout=0.5 test_@v@.py
#: pytest conftest
#: program pytest
#: must (No module named|ImportError while loading conftest)
printf 'import @w@.@v@\n' > conftest.py; echo 'def test_a(): pass' > test_a.py; pytest -q
#: pytest xdist crash
#: program pytest
#: must (crashed|worker)
printf 'import os\ndef test_@w@():\n    os._exit(3)\n' > test_@v@.py; pytest -q -n1 --max-worker-restart=0 test_@v@.py
#: python key
#: program python
#: must KeyError
printf 'import json\nprint(json.loads("{}")["@w@_@v@"])\n' > a.py; python3 a.py
#: python unicode
#: program python
#: must UnicodeDecodeError
printf '\\xff\\xfe@w@' > @v@.txt; printf '\377@w@' > b.txt; python3 -c 'open("b.txt", encoding="utf-8").read()'
#: python recursion
#: program python
#: must RecursionError
printf 'def @w@(a):\n    return @w@(a + @n@)\n@w@(1)\n' > @v@.py; python3 @v@.py
#: python os error
#: program python
#: must (PermissionError|IsADirectoryError|Is a directory)
python3 -c 'import os; os.makedirs("@w@/@v@"); open("@w@/@v@", "w")'
#: python address in use
#: program python
#: must Address already in use
python3 -c '
import socket
a = socket.create_server(("127.0.0.1", 0)); socket.create_server(a.getsockname())'
#: python sqlite locked
#: program python
#: must database is locked
python3 -c '
import sqlite3
a = sqlite3.connect("@w@.db", timeout=0.1); a.execute("create table @v@ (id int)"); a.execute("begin immediate")
b = sqlite3.connect("@w@.db", timeout=0.1); b.execute("insert into @v@ values (@n@)")'
#: mypy assignment
#: program mypy
#: must Incompatible types in assignment
printf '@w@: int = "@v@"\n' > @v@.py; mypy --no-incremental @v@.py
#: mypy attribute
#: program mypy
#: must has no attribute
printf 'class @W@: ...\n@W@().@v@()\n' > @w@.py; mypy --no-incremental @w@.py
#: ruff unused import
#: program ruff
#: must (F401|I001)
printf 'import os\n@w@ = @n@\n' > @v@.py; ruff check --no-cache @v@.py
#: ruff undefined name
#: program ruff
#: must F821
printf 'print(@w@)\n' > @v@.py; ruff check --no-cache --output-format=full @v@.py
#: ruff unknown setting
#: program ruff
#: must (unknown field|Failed to parse|Cause)
printf '[tool.ruff]\n@w@ = @n@\n' > pyproject.toml; echo > a.py; ruff check --no-cache a.py
