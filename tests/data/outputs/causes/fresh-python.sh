#: sklearn not fitted
#: program scikit-learn
#: must not fitted
python3 -c '
from sklearn.linear_model import LinearRegression
def @w@(rows): return LinearRegression().predict([[@n@]] * rows)
@w@(@m@)'
#: sklearn not a number
#: program scikit-learn
#: must (contains NaN|Input X)
python3 -c '
from sklearn.linear_model import LinearRegression
@w@ = [[@n@.0], [float("nan")]] * @m@
LinearRegression().fit(@w@, [1, 2] * @m@)'
#: sklearn lengths
#: program scikit-learn
#: must inconsistent numbers of samples
python3 -c '
from sklearn.linear_model import LinearRegression
LinearRegression().fit([[1.0]] * @n@, [1.0] * (@n@ + @m@))'
#: pyarrow no file
#: program pyarrow
#: must (No such file|does not exist|FileNotFoundError)
python3 -c 'import pyarrow.parquet as p; p.read_table("@w@/@v@-@n@.parquet")'
#: pyarrow broken
#: program pyarrow
#: must (Parquet magic bytes not found|Parquet file size)
python3 -c 'import pyarrow.parquet as p; open("@w@.parquet", "w").write("@v@ " * @n@); p.read_table("@w@.parquet")'
#: pyarrow cast
#: program pyarrow
#: must Failed to parse string
python3 -c 'import pyarrow as pa; pa.array(["@w@-@n@"]).cast(pa.int64())'
#: asyncpg refused
#: program asyncpg
#: must (Connect call failed|refused)
python3 -c 'import asyncio, asyncpg; asyncio.run(asyncpg.connect(host="127.0.0.1", port=@x@, user="@w@", database="@v@"))'
#: asyncpg no table
#: program asyncpg
#: must relation .* does not exist
python3 -c '
import asyncio, asyncpg
async def main():
    c = await asyncpg.connect(host="127.0.0.1", user="postgres", database="postgres")
    await c.fetch("select * from @w@_@v@ where id = $1", @n@)
asyncio.run(main())'
#: asyncpg argument
#: program asyncpg
#: must invalid input for query argument
python3 -c '
import asyncio, asyncpg
async def main():
    c = await asyncpg.connect(host="127.0.0.1", user="postgres", database="postgres")
    await c.fetch("select $1::int", "@w@-@n@")
asyncio.run(main())'
#: boto3 refused
#: program boto3
#: must (Could not connect to the endpoint|refused)
python3 -c 'import boto3; boto3.client("s3", endpoint_url="http://127.0.0.1:@x@", aws_access_key_id="a", aws_secret_access_key="b", region_name="a", config=boto3.session.Config(retries={"total_max_attempts": 1})).get_object(Bucket="@w@", Key="@v@/@n@")'
#: boto3 no credentials
#: program boto3
#: must (Unable to locate credentials|NoCredentials)
AWS_EC2_METADATA_DISABLED=true python3 -c 'import boto3; boto3.client("s3", endpoint_url="http://127.0.0.1:@x@", region_name="a").list_objects(Bucket="@w@-@n@")'
#: boto3 throttled
#: program boto3
#: must (Throttling|Rate exceeded)
python3 -c '
import boto3, http.server, threading
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        b = b"<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>@v@-@n@</RequestId></ErrorResponse>"
        self.send_response(400); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
c = boto3.client("iam", endpoint_url=f"http://127.0.0.1:{s.server_port}", aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1", config=boto3.session.Config(retries={"total_max_attempts": 1}))
c.get_role(RoleName="@w@-@n@")'
#: kafka away
#: program kafka-python
#: must (NoBrokersAvailable|refused|Unable to bootstrap)
python3 -c 'import kafka; kafka.KafkaProducer(bootstrap_servers="127.0.0.1:@x@", client_id="@w@-@n@", bootstrap_timeout_ms=500) if 0 else kafka.KafkaAdminClient(bootstrap_servers="127.0.0.1:@x@", client_id="@w@-@n@")'
#: elasticsearch away
#: program elasticsearch
#: must refused
python3 -c 'import elasticsearch; elasticsearch.Elasticsearch("http://127.0.0.1:@x@", max_retries=0).get(index="@w@", id="@n@")'
#: elasticsearch no index
#: program elasticsearch
#: must index_not_found
python3 -c '
import elasticsearch, http.server, json, threading
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        e = {"type": "index_not_found_exception", "reason": "no such index [@w@-@v@]", "index": "@w@-@v@"}
        b = json.dumps({"error": {"root_cause": [e], **e}, "status": 404}).encode()
        self.send_response(404); self.send_header("X-Elastic-Product", "Elasticsearch"); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
elasticsearch.Elasticsearch(f"http://127.0.0.1:{s.server_port}").search(index="@w@-@v@", size=@n@)'
#: scrapy no project
#: program scrapy
#: must (Unknown command|no active project)
scrapy crawl @w@-@n@
#: scrapy no spider
#: program scrapy
#: must Spider not found
scrapy startproject @w@ . > /dev/null; scrapy crawl @v@-@n@
#: scrapy spider file
#: program scrapy
#: must (Unable to load|No module named|ImportError)
printf 'import @w@_@v@\n' > a.py; scrapy runspider a.py
#: dbt no project
#: program dbt
#: must (No dbt_project.yml|not a dbt project|dbt_project.yml|does not exist)
dbt --no-send-anonymous-usage-stats run --select @w@_@n@
#: dbt no profile
#: program dbt
#: must (Could not find profile|does not have a profile|profile|does not exist)
printf 'name: @w@\nversion: "1"\nprofile: @v@\n' > dbt_project.yml; dbt run --select a
#: dbt no model
#: program dbt
#: must (depends on a node named|was not found|not valid under)
printf 'name: a\nversion: "1"\nprofile: a\n' > dbt_project.yml; printf 'a:\n  target: d\n  outputs:\n    d: {type: duckdb, path: "a.db"}\n' > profiles.yml; mkdir models; echo "select * from {{ ref('@w@_@v@') }}" > models/m@n@.sql; dbt run
#: supervisord no file
#: program supervisord
#: must could not find config file
supervisord -c @w@-@n@.conf
#: supervisord section
#: program supervisord
#: must (does not specify a command|value is required|is missing)
printf '[supervisord]\n[program:@w@]\ndirectory=/srv/@v@\n' > @v@.conf; supervisord -n -c @v@.conf
#: supervisorctl refused
#: program supervisord
#: must (refused|no such file)
supervisorctl -s http://127.0.0.1:@x@ status @w@
#: nbconvert no file
#: program nbconvert
#: must (matched no files|pattern)
jupyter nbconvert --to script @w@-@n@.ipynb
#: nbconvert broken
#: program nbconvert
#: must (does not appear to be JSON|NotJSONError)
echo '@w@ @n@' > @v@.ipynb; jupyter nbconvert --to script @v@.ipynb
#: nbconvert cell
#: program nbconvert
#: must (NameError|ZeroDivisionError|KeyError)
python3 -c '
import nbformat.v4 as n, nbformat
nbformat.write(n.new_notebook(cells=[n.new_code_cell("rows = {}"), n.new_code_cell("rows[\"@w@-@n@\"]")], metadata={"kernelspec": {"name": "python3", "display_name": "a", "language": "python"}}), "@v@.ipynb")'
jupyter nbconvert --to notebook --execute @v@.ipynb
#: peewee no table
#: program peewee
#: must no such table
python3 -c '
import peewee as p
class @W@(p.Model):
    @v@ = p.IntegerField()
    class Meta: database = p.SqliteDatabase(":memory:")
@W@.get(@W@.@v@ == @n@)'
#: peewee nothing
#: program peewee
#: must (matching query does not exist|instance matching)
python3 -c '
import peewee as p
class @W@(p.Model):
    @v@ = p.IntegerField()
    class Meta: database = p.SqliteDatabase(":memory:")
@W@.create_table(); @W@.get(@W@.@v@ == @n@)'
#: peewee null
#: program peewee
#: must NOT NULL constraint failed
python3 -c '
import peewee as p
class @W@(p.Model):
    @v@ = p.IntegerField()
    class Meta: database = p.SqliteDatabase(":memory:")
@W@.create_table(); @W@.create(id=@n@)'
