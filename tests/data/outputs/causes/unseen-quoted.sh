#: terraform apply timeout
#: program terraform
#: must (timeout while waiting)
cat >&2 <<'E_N_D'
module.@w@.aws_db_instance.@v@: Still creating... [5m10s elapsed]
module.@w@.aws_db_instance.@v@: Still creating... [5m20s elapsed]
╷
│ Error: creating RDS DB Instance (@w@-@v@): waiting for completion: timeout while waiting for state to become 'available' (last state: 'creating', timeout: 40m0s)
│ 
│   with module.@w@.aws_db_instance.@v@,
│   on modules/@w@/main.tf line @n@, in resource "aws_db_instance" "@v@":
│   @n@: resource "aws_db_instance" "@v@" {
│ 
╵
E_N_D
exit 1
#: terraform access denied
#: program terraform
#: must (AccessDenied|not authorized)
cat >&2 <<'E_N_D'
aws_s3_bucket.@w@: Creating...
╷
│ Error: creating S3 Bucket (@w@-@v@-@n@): operation error S3: CreateBucket, https response error StatusCode: 403, RequestID: 8F3A0@n@C, HostID: x9f@n@=, api error AccessDenied: User: arn:aws:iam::0123456@n@:user/@v@ is not authorized to perform: s3:CreateBucket
│ 
│   with aws_s3_bucket.@w@,
│   on main.tf line @m@, in resource "aws_s3_bucket" "@w@":
│   @m@: resource "aws_s3_bucket" "@w@" {
│ 
╵
E_N_D
exit 1
#: terraform bucket exists
#: program terraform
#: must (BucketAlreadyExists|already exist)
cat >&2 <<'E_N_D'
╷
│ Error: creating S3 Bucket (@w@-@v@): operation error S3: CreateBucket, https response error StatusCode: 409, RequestID: 3QX@n@, HostID: k@n@, BucketAlreadyExists: 
│ 
│   with aws_s3_bucket.@w@,
│   on s3.tf line @m@, in resource "aws_s3_bucket" "@w@":
│   @m@: resource "aws_s3_bucket" "@w@" {
╵
E_N_D
exit 1
#: terraform api unavailable
#: program terraform
#: must (503|unavailable|backendError)
cat >&2 <<'E_N_D'
google_container_cluster.@w@: Refreshing state... [id=projects/@v@/locations/europe-west1/clusters/@w@]
╷
│ Error: Error when reading or editing Container Cluster "@w@": googleapi: Error 503: The service is currently unavailable., backendError
│ 
│   with google_container_cluster.@w@,
│   on gke.tf line @m@, in resource "google_container_cluster" "@w@":
╵
Error: Process completed with exit code 1.
E_N_D
exit 1
#: helm timed out
#: program helm
#: must timed out waiting for the condition
cat >&2 <<'E_N_D'
Release "@w@" does not exist. Installing it now.
Error: timed out waiting for the condition
E_N_D
exit 1
#: helm in progress
#: program helm
#: must another operation
cat >&2 <<'E_N_D'
Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress
E_N_D
exit 1
#: helm template
#: program helm
#: must (nil pointer|executing)
cat >&2 <<'E_N_D'
Error: template: @w@/templates/deployment.yaml:@n@:@m@: executing "@w@/templates/deployment.yaml" at <.Values.@v@.tag>: nil pointer evaluating interface {}.tag
E_N_D
exit 1
#: helm values
#: program helm
#: must (error unmarshaling|failed to parse|cannot unmarshal)
cat >&2 <<'E_N_D'
Error: failed to parse @w@-values.yaml: error converting YAML to JSON: yaml: line @m@: did not find expected key
E_N_D
exit 1
#: kubectl apply invalid
#: program kubectl
#: must is invalid
cat >&2 <<'E_N_D'
The Deployment "@w@-@v@" is invalid: spec.template.metadata.labels: Invalid value: map[string]string{"app":"@w@"}: `selector` does not match template `labels`
E_N_D
exit 1
#: kubectl rollout
#: program kubectl
#: must exceeded its progress deadline
cat >&2 <<'E_N_D'
Waiting for deployment "@w@-@v@" rollout to finish: 0 of @m@ updated replicas are available...
error: deployment "@w@-@v@" exceeded its progress deadline
E_N_D
exit 1
#: kubectl wait
#: program kubectl
#: must timed out waiting for the condition
cat >&2 <<'E_N_D'
error: timed out waiting for the condition on pods/@w@-7d9c5b4f@m@-x@n@z
E_N_D
exit 1
#: kubectl forbidden
#: program kubectl
#: must forbidden
cat >&2 <<'E_N_D'
Error from server (Forbidden): pods "@w@-@n@" is forbidden: User "system:serviceaccount:@v@:default" cannot get resource "pods" in API group "" in the namespace "@v@"
E_N_D
exit 1
#: kubectl not found
#: program kubectl
#: must not found
cat >&2 <<'E_N_D'
Error from server (NotFound): deployments.apps "@w@-@v@" not found
E_N_D
exit 1
#: kubectl server busy
#: program kubectl
#: must (etcdserver|timed out)
cat >&2 <<'E_N_D'
Error from server: etcdserver: request timed out
E_N_D
exit 1
#: kubectl webhook
#: program kubectl
#: must (failed calling webhook|connection refused)
cat >&2 <<'E_N_D'
Error from server (InternalError): error when creating "@w@.yaml": Internal error occurred: failed calling webhook "validate.@v@.example.org": failed to call webhook: Post "https://@v@-webhook.@w@.svc:443/validate?timeout=10s": dial tcp 10.96.@m@.4:443: connect: connection refused
E_N_D
exit 1
#: docker build pip
#: program docker
#: must (did not complete successfully|exit code|subprocess|error)
cat >&2 <<'E_N_D'
#9 [4/6] RUN make -C @w@
#9 3.112 @v@.c:@n@:@m@: error: 'tax_t' undeclared (first use in this function)
#9 3.113 make: *** [Makefile:@m@: @v@.o] Error 1
#9 ERROR: process "/bin/sh -c make -C @w@" did not complete successfully: exit code: 2
------
 > [4/6] RUN make -C @w@:
3.112 @v@.c:@n@:@m@: error: 'tax_t' undeclared (first use in this function)
3.113 make: *** [Makefile:@m@: @v@.o] Error 1
------
Dockerfile:@m@
--------------------
   3 |     COPY . .
   4 | >>> RUN make -C @w@
   5 |     CMD ["./a"]
--------------------
ERROR: failed to solve: process "/bin/sh -c make -C @w@" did not complete successfully: exit code: 2
E_N_D
exit 1
#: docker build no file
#: program docker
#: must not found
cat >&2 <<'E_N_D'
#5 [2/4] COPY @w@/@v@.txt /srv/
#5 ERROR: failed to calculate checksum of ref 8a6f@n@::x@m@: "/@w@/@v@.txt": not found
------
 > [2/4] COPY @w@/@v@.txt /srv/:
------
Dockerfile:2
--------------------
   1 |     FROM alpine:3.18
   2 | >>> COPY @w@/@v@.txt /srv/
   3 |     
--------------------
ERROR: failed to solve: failed to compute cache key: failed to calculate checksum of ref 8a6f@n@::x@m@: "/@w@/@v@.txt": not found
E_N_D
exit 1
#: docker pull denied
#: program docker
#: must (denied|access)
cat >&2 <<'E_N_D'
Unable to find image '@w@/@v@:1.@n@' locally
docker: Error response from daemon: pull access denied for @w@/@v@, repository does not exist or may require 'docker login': denied: requested access to the resource is denied.
See 'docker run --help'.
E_N_D
exit 1
#: docker pull limit
#: program docker
#: must toomanyrequests
cat >&2 <<'E_N_D'
Error response from daemon: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit
E_N_D
exit 1
#: docker name in use
#: program docker
#: must already in use
cat >&2 <<'E_N_D'
docker: Error response from daemon: Conflict. The container name "/@w@-@v@" is already in use by container "f3a9c@n@b7d01e@m@". You have to remove (or rename) that container to be able to reuse that name.
See 'docker run --help'.
E_N_D
exit 1
#: docker port
#: program docker
#: must (port is already allocated|bind)
cat >&2 <<'E_N_D'
docker: Error response from daemon: driver failed programming external connectivity on endpoint @w@-@v@ (9f0a@n@): Bind for 0.0.0.0:8@n@ failed: port is already allocated.
E_N_D
exit 1
#: docker no space
#: program docker
#: must no space left
cat >&2 <<'E_N_D'
write /var/lib/docker/tmp/GetImageBlob@n@: no space left on device
E_N_D
exit 1
#: dotnet compile
#: program dotnet
#: must CS0103
cat >&2 <<'E_N_D'
  Determining projects to restore...
  All projects are up-to-date for restore.
/srv/app/@W@.cs(@n@,@m@): error CS0103: The name '@v@' does not exist in the current context [/srv/app/@W@.csproj]

Build FAILED.

/srv/app/@W@.cs(@n@,@m@): error CS0103: The name '@v@' does not exist in the current context [/srv/app/@W@.csproj]
    0 Warning(s)
    1 Error(s)

Time Elapsed 00:00:0@m@.27
E_N_D
exit 1
#: dotnet restore
#: program dotnet
#: must NU1101
cat >&2 <<'E_N_D'
  Determining projects to restore...
/srv/app/@W@.csproj : error NU1101: Unable to find package @W@.@V@. No packages exist with this id in source(s): nuget.example
  Failed to restore /srv/app/@W@.csproj (in @n@ ms).
E_N_D
exit 1
#: dotnet restore away
#: program dotnet
#: must (NU1301|Unable to load the service index)
cat >&2 <<'E_N_D'
/srv/app/@W@.csproj : error NU1301: Unable to load the service index for source https://nuget.example.org/@v@/v3/index.json. [/srv/app/@W@.sln]
E_N_D
exit 1
#: dotnet test
#: program dotnet
#: must (Assert|Expected|@W@)
cat >&2 <<'E_N_D'
  Determining projects to restore...
Test run for /srv/app/bin/Debug/net8.0/@W@.Tests.dll (.NETCoreApp,Version=v8.0)
Starting test execution, please wait...
A total of 1 test files matched the specified pattern.
[xUnit.net 00:00:00.7@m@]     @W@.Tests.@V@Tests.Adds [FAIL]
  Failed @W@.Tests.@V@Tests.Adds [@m@ ms]
  Error Message:
   Assert.Equal() Failure: Values differ
Expected: @n@
Actual:   @m@
  Stack Trace:
     at @W@.Tests.@V@Tests.Adds() in /srv/app/@V@Tests.cs:line @m@

Failed!  - Failed:     1, Passed:    @n@, Skipped:     0, Total:    @n@, Duration: @m@ ms - @W@.Tests.dll (net8.0)
E_N_D
exit 1
#: dotnet unhandled
#: program dotnet
#: must NullReferenceException
cat >&2 <<'E_N_D'
Unhandled exception. System.NullReferenceException: Object reference not set to an instance of an object.
   at @W@.@V@.Load(String path) in /srv/app/@V@.cs:line @n@
   at Program.<Main>$(String[] args) in /srv/app/Program.cs:line @m@
E_N_D
exit 1
#: dotnet sql timeout
#: program dotnet
#: must (Timeout Expired|timeout period)
cat >&2 <<'E_N_D'
Unhandled exception. Microsoft.Data.SqlClient.SqlException (0x80131904): Execution Timeout Expired.  The timeout period elapsed prior to completion of the operation or the server is not responding.
 ---> System.ComponentModel.Win32Exception (258): Unknown error 258
   at Microsoft.Data.SqlClient.SqlConnection.OnError(SqlException exception, Boolean breakConnection, Action`1 wrapCloseInAction)
   at @W@.@V@.Load() in /srv/app/@V@.cs:line @n@
ClientConnectionId:3f9@n@-0b1a
Error Number:-2,State:0,Class:11
E_N_D
exit 1
#: dotnet sql deadlock
#: program dotnet
#: must deadlock
cat >&2 <<'E_N_D'
Unhandled exception. Microsoft.Data.SqlClient.SqlException (0x80131904): Transaction (Process ID @n@) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.
   at Microsoft.Data.SqlClient.SqlConnection.OnError(SqlException exception, Boolean breakConnection, Action`1 wrapCloseInAction)
   at @W@.@V@.Save() in /srv/app/@V@.cs:line @n@
E_N_D
exit 1
#: gradle android
#: program gradle
#: must (unresolved reference|Unresolved reference)
cat >&2 <<'E_N_D'
> Task :app:compileDebugKotlin FAILED
e: file:///srv/app/src/main/java/org/example/@W@.kt:@n@:@m@ Unresolved reference: @v@

FAILURE: Build failed with an exception.

* What went wrong:
Execution failed for task ':app:compileDebugKotlin'.
> A failure occurred while executing org.jetbrains.kotlin.compilerRunner.GradleCompilerRunnerWithWorkers$GradleKotlinCompilerWorkAction
   > Compilation error. See log for more details

* Try:
> Run with --stacktrace option to get the stack trace.
> Run with --info or --debug option to get more log output.
> Run with --scan to get full insights.
> Get more help at https://help.gradle.org.

BUILD FAILED in @m@s
@m@ actionable tasks: 1 executed, 2 up-to-date
E_N_D
exit 1
#: gradle test fails
#: program gradle
#: must (AssertionFailedError|expected|There were failing tests)
cat >&2 <<'E_N_D'
> Task :test FAILED

@W@Test > adds() FAILED
    org.opentest4j.AssertionFailedError at @W@Test.java:@n@

@n@ tests completed, 1 failed

FAILURE: Build failed with an exception.

* What went wrong:
Execution failed for task ':test'.
> There were failing tests. See the report at: file:///srv/app/build/reports/tests/test/index.html

* Try:
> Run with --scan to get full insights.

BUILD FAILED in @m@s
E_N_D
exit 1
#: gradle resolve
#: program gradle
#: must (Could not find|Could not resolve)
cat >&2 <<'E_N_D'
FAILURE: Build failed with an exception.

* What went wrong:
Execution failed for task ':app:compileJava'.
> Could not resolve all files for configuration ':app:compileClasspath'.
   > Could not find org.@w@:@v@:@m@.1.0.
     Required by:
         project :app

* Try:
> Run with --stacktrace option to get the stack trace.

BUILD FAILED in 2s
E_N_D
exit 1
#: gradle download
#: program gradle
#: must (Could not (GET|HEAD)|timed out|Read timed out|502)
cat >&2 <<'E_N_D'
FAILURE: Build failed with an exception.

* What went wrong:
Could not resolve all files for configuration ':compileClasspath'.
> Could not resolve org.@w@:@v@:@m@.1.0.
   > Could not get resource 'https://repo.example.org/maven2/org/@w@/@v@/@m@.1.0/@v@-@m@.1.0.pom'.
      > Could not GET 'https://repo.example.org/maven2/org/@w@/@v@/@m@.1.0/@v@-@m@.1.0.pom'. Received status code 502 from server: Bad Gateway

BUILD FAILED in @m@s
E_N_D
exit 1
#: sbt compile
#: program sbt
#: must (not found: value|type mismatch)
cat >&2 <<'E_N_D'
[info] welcome to sbt 1.9.7 (Java 17)
[info] compiling @m@ Scala sources to /srv/app/target/scala-2.13/classes ...
[error] /srv/app/src/main/scala/@W@.scala:@n@:@m@: not found: value @v@
[error]     println(@v@)
[error]             ^
[error] one error found
[error] (Compile / compileIncremental) Compilation failed
[error] Total time: @m@ s, completed Jan 5, 2026, 10:20:31 AM
E_N_D
exit 1
#: sbt update
#: program sbt
#: must (Error downloading|not found)
cat >&2 <<'E_N_D'
[info] Updating 
[warn] 	Note: Unresolved dependencies path:
[error] stack trace is suppressed; run last update for the full output
[error] (update) sbt.librarymanagement.ResolveException: Error downloading org.@w@:@v@_2.13:@m@.1.0
[error]   Not found
[error]   not found: https://repo.example.org/maven2/org/@w@/@v@_2.13/@m@.1.0/@v@_2.13-@m@.1.0.pom
[error] Total time: 2 s, completed Jan 5, 2026, 10:20:31 AM
E_N_D
exit 1
#: spark stage
#: program spark
#: must (ArithmeticException|NumberFormatException|divide)
cat >&2 <<'E_N_D'
26/01/05 10:20:31 INFO TaskSetManager: Starting task @m@.0 in stage 2.0 (TID @n@) (10.0.0.@m@, executor 1, partition 1)
26/01/05 10:20:33 WARN TaskSetManager: Lost task @m@.0 in stage 2.0 (TID @n@) (10.0.0.@m@ executor 1): java.lang.NumberFormatException: For input string: "@w@"
26/01/05 10:20:35 ERROR TaskSetManager: Task @m@ in stage 2.0 failed 4 times; aborting job
Exception in thread "main" org.apache.spark.SparkException: Job aborted due to stage failure: Task @m@ in stage 2.0 failed 4 times, most recent failure: Lost task @m@.3 in stage 2.0 (TID @n@) (10.0.0.@m@ executor 1): java.lang.NumberFormatException: For input string: "@w@"
	at java.base/java.lang.NumberFormatException.forInputString(NumberFormatException.java:67)
	at org.example.@V@$.parse(@V@.scala:@n@)
	at org.apache.spark.scheduler.Task.run(Task.scala:139)

Driver stacktrace:
	at org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2785)
E_N_D
exit 1
#: spark executor lost
#: program spark
#: must (ExecutorLostFailure|Lost executor)
cat >&2 <<'E_N_D'
26/01/05 10:20:35 ERROR TaskSchedulerImpl: Lost executor @m@ on 10.0.0.@m@: Container marked as failed: container_17@n@_01_000003 on host: ip-10-0-0-@m@. Exit status: -100. Diagnostics: Container released on a *lost* node.
org.apache.spark.SparkException: Job aborted due to stage failure: Task @m@ in stage 3.0 failed 4 times, most recent failure: Lost task @m@.3 in stage 3.0 (TID @n@) (ip-10-0-0-@m@ executor 7): ExecutorLostFailure (executor 7 exited caused by one of the running tasks) Reason: Container from a bad node
E_N_D
exit 1
#: spark no table
#: program spark
#: must (TABLE_OR_VIEW_NOT_FOUND|Table or view not found)
cat >&2 <<'E_N_D'
Traceback (most recent call last):
  File "/srv/app/@v@.py", line @n@, in <module>
    spark.table("@w@.@v@").count()
  File "/opt/spark/python/pyspark/errors/exceptions/captured.py", line 185, in deco
    raise converted from None
pyspark.errors.exceptions.captured.AnalysisException: [TABLE_OR_VIEW_NOT_FOUND] The table or view `@w@`.`@v@` cannot be found. Verify the spelling and correctness of the schema and catalog.
If you did not qualify the name with a schema, verify the current_schema() output, or qualify the name with the correct schema and catalog.
E_N_D
exit 1
#: yarn killed
#: program spark
#: must (exceeding|memory limits|Exit code is 143)
cat >&2 <<'E_N_D'
26/01/05 10:20:35 ERROR YarnScheduler: Lost executor @m@ on node@m@: Container killed by YARN for exceeding physical memory limits. @m@.5 GB of 5 GB physical memory used. Consider boosting spark.executor.memoryOverhead.
E_N_D
exit 1
#: airflow task
#: program airflow
#: must KeyError
cat >&2 <<'E_N_D'
[2026-01-05, 10:20:31 UTC] {taskinstance.py:1300} INFO - Executing <Task(PythonOperator): load_@w@> on 2026-01-04 00:00:00+00:00
[2026-01-05, 10:20:33 UTC] {taskinstance.py:1824} ERROR - Task failed with exception
Traceback (most recent call last):
  File "/opt/airflow/operators/python.py", line 181, in execute
    return_value = self.execute_callable()
  File "/opt/airflow/dags/@v@.py", line @n@, in load_@w@
    return rows["@w@_id"]
KeyError: '@w@_id'
[2026-01-05, 10:20:33 UTC] {taskinstance.py:1345} INFO - Marking task as FAILED. dag_id=@v@, task_id=load_@w@, execution_date=20260104T000000, start_date=20260105T102031, end_date=20260105T102033
[2026-01-05, 10:20:33 UTC] {standard_task_runner.py:104} ERROR - Failed to execute job @n@ for task load_@w@ ('@w@_id'; @n@)
[2026-01-05, 10:20:33 UTC] {local_task_job.py:212} INFO - Task exited with return code 1
E_N_D
exit 1
#: airflow zombie
#: program airflow
#: must (zombie|SIGTERM)
cat >&2 <<'E_N_D'
[2026-01-05, 10:20:31 UTC] {local_task_job_runner.py:222} WARNING - State of this instance has been externally set to failed. Terminating instance.
[2026-01-05, 10:20:31 UTC] {taskinstance.py:1488} ERROR - Received SIGTERM. Terminating subprocesses.
[2026-01-05, 10:20:32 UTC] {standard_task_runner.py:104} ERROR - Failed to execute job @n@ for task load_@w@ (Task received SIGTERM signal; @n@)
E_N_D
exit 1
#: airflow dag import
#: program airflow
#: must (ModuleNotFoundError|No module named)
cat >&2 <<'E_N_D'
[2026-01-05 10:20:31,112] {dagbag.py:343} ERROR - Failed to import: /opt/airflow/dags/@w@.py
Traceback (most recent call last):
  File "/opt/airflow/models/dagbag.py", line 339, in parse
    loader.exec_module(new_module)
  File "/opt/airflow/dags/@w@.py", line @m@, in <module>
    from @v@_tools import @w@
ModuleNotFoundError: No module named '@v@_tools'
E_N_D
exit 1
#: nextflow
#: program nextflow
#: must (command not found|terminated with an error exit status)
cat >&2 <<'E_N_D'
N E X T F L O W  ~  version 23.10.0
Launching `main.nf` [silly_@w@] DSL2 - revision: 8f9a@n@
[2c/7a@n@f] process > ALIGN (@w@_@n@) [  0%] 0 of @m@
ERROR ~ Error executing process > 'ALIGN (@w@_@n@)'

Caused by:
  Process `ALIGN (@w@_@n@)` terminated with an error exit status (127)

Command executed:

  bwa mem ref.fa @w@_@n@.fq > @w@.sam

Command exit status:
  127

Command output:
  (empty)

Command error:
  .command.sh: line 2: bwa: command not found

Work dir:
  /srv/app/work/2c/7a@n@f0b3

Tip: you can try to figure out what's wrong by changing to the process work dir and showing the script file named `.command.sh`
E_N_D
exit 1
#: nextflow missing output
#: program nextflow
#: must (Missing output file)
cat >&2 <<'E_N_D'
ERROR ~ Error executing process > 'SORT (@w@_@n@)'

Caused by:
  Missing output file(s) `@v@.sorted.bam` expected by process `SORT (@w@_@n@)`

Command executed:

  samtools sort @w@.bam > out.bam

Command exit status:
  0

Work dir:
  /srv/app/work/9e/11@n@ad

Tip: view the complete command output by changing to the process work dir and entering the command `cat .command.out`
E_N_D
exit 1
#: nextflow time
#: program nextflow
#: must (exceeded running time limit)
cat >&2 <<'E_N_D'
ERROR ~ Error executing process > 'CALL (@w@)'

Caused by:
  Process exceeded running time limit (@m@h)

Command executed:

  call --in @w@.bam --out @v@.vcf

Command exit status:
  -

Work dir:
  /srv/app/work/0a/9f@n@
E_N_D
exit 1
#: snakemake missing input
#: program snakemake
#: must (MissingInputException|Missing input files)
cat >&2 <<'E_N_D'
Building DAG of jobs...
MissingInputException in rule @w@ in file /srv/app/Snakefile, line @m@:
Missing input files for rule @w@:
    output: results/@v@.txt
    affected files:
        data/@v@_@n@.csv
E_N_D
exit 1
#: snakemake rule
#: program snakemake
#: must (Error in rule|exit status|non-zero|command exited)
cat >&2 <<'E_N_D'
[Mon Jan  5 10:20:31 2026]
Error in rule @w@:
    jobid: @m@
    input: data/@v@.csv
    output: results/@v@.txt
    shell:
        sort --frobnicate data/@v@.csv > results/@v@.txt
        (one of the commands exited with non-zero exit code; note that snakemake uses bash strict mode!)

Shutting down, this might take some time.
Exiting because a job execution failed. Look above for error message
Complete log: .snakemake/log/2026-01-05T102031.@n@.snakemake.log
E_N_D
exit 1
#: slurm time
#: program slurm-job
#: must (DUE TO TIME LIMIT)
cat >&2 <<'E_N_D'
step @m@ of 900 done
slurmstepd: error: *** JOB @n@4417 ON node@m@ CANCELLED AT 2026-01-05T10:20:31 DUE TO TIME LIMIT ***
E_N_D
exit 1
#: slurm oom
#: program slurm-job
#: must (oom|OOM|out-of-memory)
cat >&2 <<'E_N_D'
slurmstepd: error: Detected @m@ oom_kill events in StepId=@n@4417.batch. Some of the step tasks have been OOM Killed.
E_N_D
exit 1
#: slurm submit
#: program slurm-job
#: must (Socket timed out)
cat >&2 <<'E_N_D'
sbatch: error: Batch job submission failed: Socket timed out on send/recv operation
E_N_D
exit 1
#: slurm node
#: program slurm-job
#: must NODE FAILURE
cat >&2 <<'E_N_D'
srun: error: Node failure on node@m@
slurmstepd: error: *** JOB @n@4417 ON node@m@ CANCELLED AT 2026-01-05T10:20:31 DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***
E_N_D
exit 1
#: slurm partition
#: program slurm-job
#: must (invalid partition|Invalid)
cat >&2 <<'E_N_D'
sbatch: error: invalid partition specified: @w@_@v@
sbatch: error: Batch job submission failed: Invalid partition name specified
E_N_D
exit 1
#: torch oom
#: program pytorch
#: must (out of memory)
cat >&2 <<'E_N_D'
Traceback (most recent call last):
  File "/srv/app/train_@w@.py", line @n@, in <module>
    loss.backward()
  File "/usr/lib/python3/torch/_tensor.py", line 522, in backward
    torch.autograd.backward(
torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate @m@.00 GiB. GPU 0 has a total capacity of 79.15 GiB of which @n@.19 MiB is free. Process @n@77 has 79.10 GiB memory in use.
E_N_D
exit 1
#: torch nccl
#: program pytorch
#: must (timed out|Timeout)
cat >&2 <<'E_N_D'
[rank@m@]: Traceback (most recent call last):
[rank@m@]:   File "/srv/app/train_@w@.py", line @n@, in <module>
[rank@m@]:     dist.all_reduce(x)
[rank@m@]: torch.distributed.DistBackendError: [Rank @m@] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=@n@, OpType=ALLREDUCE, NumelIn=1, NumelOut=1, Timeout(ms)=600000) ran for 600029 milliseconds before timing out.
E_N_D
exit 1
#: torch shape
#: program pytorch
#: must (cannot be multiplied|size mismatch)
cat >&2 <<'E_N_D'
Traceback (most recent call last):
  File "/srv/app/@w@.py", line @n@, in forward
    return self.fc(x)
RuntimeError: mat1 and mat2 shapes cannot be multiplied (@m@x512 and 256x@n@)
E_N_D
exit 1
#: aws cli expired
#: program aws
#: must ExpiredToken
cat >&2 <<'E_N_D'
An error occurred (ExpiredToken) when calling the ListObjectsV2 operation: The provided token has expired.
E_N_D
exit 1
#: aws cli throttled
#: program aws
#: must (Throttling|Rate exceeded)
cat >&2 <<'E_N_D'
An error occurred (ThrottlingException) when calling the DescribeServices operation (reached max retries: 4): Rate exceeded
E_N_D
exit 1
#: aws cli no stack
#: program aws
#: must (ValidationError|does not exist)
cat >&2 <<'E_N_D'
An error occurred (ValidationError) when calling the DescribeStacks operation: Stack with id @w@-@v@ does not exist
E_N_D
exit 1
#: aws internal
#: program aws
#: must (InternalError|InternalFailure|internal error)
cat >&2 <<'E_N_D'
An error occurred (InternalError) when calling the PutObject operation (reached max retries: 4): We encountered an internal error. Please try again.
E_N_D
exit 1
#: aws slow down
#: program aws
#: must (SlowDown|reduce your request rate)
cat >&2 <<'E_N_D'
upload failed: ./@w@-@n@.csv to s3://@v@/@w@-@n@.csv An error occurred (SlowDown) when calling the PutObject operation (reached max retries: 4): Please reduce your request rate.
E_N_D
exit 1
#: aws waiter
#: program aws
#: must (Max attempts exceeded|Waiter)
cat >&2 <<'E_N_D'
Waiter ServicesStable failed: Max attempts exceeded
E_N_D
exit 1
#: gcloud quota
#: program gcloud
#: must (RESOURCE_EXHAUSTED|Quota exceeded)
cat >&2 <<'E_N_D'
ERROR: (gcloud.run.deploy) RESOURCE_EXHAUSTED: Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per region' of service 'run.googleapis.com' for consumer 'project_number:7@n@'.
E_N_D
exit 1
#: gcloud permission
#: program gcloud
#: must PERMISSION_DENIED
cat >&2 <<'E_N_D'
ERROR: (gcloud.builds.submit) PERMISSION_DENIED: The caller does not have permission. This command is authenticated as @w@@@v@.iam.gserviceaccount.com
E_N_D
exit 1
#: gcloud zone
#: program gcloud
#: must (ZONE_RESOURCE_POOL_EXHAUSTED|does not have enough resources)
cat >&2 <<'E_N_D'
ERROR: (gcloud.compute.instances.create) Could not fetch resource:
 - The zone 'projects/@w@-@n@/zones/us-central1-a' does not have enough resources available to fulfill the request.  Try a different zone, or try again later.
E_N_D
exit 1
#: az login
#: program az
#: must (az login|AADSTS)
cat >&2 <<'E_N_D'
ERROR: AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2025-09-@m@T10:20:31Z and was inactive for 90.00:00:00.
Interactive authentication is needed. Please run:
az login
E_N_D
exit 1
#: az not found
#: program az
#: must (ResourceGroupNotFound|could not be found)
cat >&2 <<'E_N_D'
ERROR: (ResourceGroupNotFound) Resource group '@w@-@v@' could not be found.
Code: ResourceGroupNotFound
Message: Resource group '@w@-@v@' could not be found.
E_N_D
exit 1
#: snowflake no table
#: program snowflake
#: must (does not exist or not authorized)
cat >&2 <<'E_N_D'
snowflake.connector.errors.ProgrammingError: 002003 (42S02): 01b@n@-0000-4f: SQL compilation error:
Object '@W@.PUBLIC.@V@' does not exist or not authorized.
E_N_D
exit 1
#: snowflake statement timeout
#: program snowflake
#: must (statement timeout|reached its)
cat >&2 <<'E_N_D'
snowflake.connector.errors.ProgrammingError: 000630 (57014): 01b@n@-0000-4f: Statement reached its statement or warehouse timeout of @n@ second(s) and was canceled.
E_N_D
exit 1
#: bigquery
#: program bigquery
#: must (backendError|retrying|503|Retrying)
cat >&2 <<'E_N_D'
BigQuery error in query operation: Error processing job '@w@-@n@:bqjob_r@n@_1': The system encountered an error and could not complete your request. (backendError) Retrying the job may solve the problem.
E_N_D
exit 1
#: bigquery syntax
#: program bigquery
#: must Syntax error
cat >&2 <<'E_N_D'
Error in query string: Error processing job '@w@-@n@:bqjob_r@n@_1': Syntax error: Unexpected identifier "@v@" at [@m@:1]
E_N_D
exit 1
#: dbt dep
#: program dbt-core
#: must (depends on a node named)
cat >&2 <<'E_N_D'
10:20:31  Running with dbt=1.7.4
10:20:33  Encountered an error:
Compilation Error
  Model 'model.@w@.@v@' (models/@v@.sql) depends on a node named 'stg_@w@' which was not found
E_N_D
exit 1
#: dbt test
#: program dbt-core
#: must (Got @n@ results|Failure in test)
cat >&2 <<'E_N_D'
10:20:31  Finished running 1 test in 0 hours 0 minutes and @m@.20 seconds (@m@.20s).
10:20:31  
10:20:31  Completed with 1 error and 0 warnings:
10:20:31  
10:20:31  Failure in test not_null_@w@_id (models/@v@.yml)
10:20:31    Got @n@ results, configured to fail if != 0
10:20:31  
10:20:31    compiled Code at target/compiled/@w@/models/@v@.yml/not_null_@w@_id.sql
10:20:31  
10:20:31  Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
E_N_D
exit 1
#: jenkins node
#: program jenkins
#: must (Cannot contact|marked offline|was marked offline|removed)
cat >&2 <<'E_N_D'
Cannot contact @w@-agent-@n@: java.lang.InterruptedException
[Pipeline] // node
[Pipeline] End of Pipeline
Agent @w@-agent-@n@ was deleted; cancelling node body
ERROR: script returned exit code -1
Finished: FAILURE
E_N_D
exit 1
#: jenkins script
#: program jenkins
#: must (MissingPropertyException|No such property)
cat >&2 <<'E_N_D'
[Pipeline] { (Build @w@)
[Pipeline] End of Pipeline
groovy.lang.MissingPropertyException: No such property: @v@ for class: groovy.lang.Binding
	at groovy.lang.Binding.getVariable(Binding.java:63)
	at org.jenkinsci.plugins.scriptsecurity.sandbox.groovy.SandboxInterceptor.onGetProperty(SandboxInterceptor.java:271)
	at WorkflowScript.run(WorkflowScript:@m@)
Finished: FAILURE
E_N_D
exit 1
#: jenkins time
#: program jenkins
#: must (Timeout has been exceeded|Cancelling nested steps)
cat >&2 <<'E_N_D'
[Pipeline] }
Cancelling nested steps due to timeout
[Pipeline] // timeout
[Pipeline] End of Pipeline
Timeout has been exceeded
org.jenkinsci.plugins.workflow.actions.ErrorAction$ErrorId: 3f@n@
Finished: ABORTED
E_N_D
exit 1
#: github runner gone
#: program gh-runner
#: must (lost communication)
cat >&2 <<'E_N_D'
The self-hosted runner: @w@-@n@ lost communication with the server. Verify the machine is running and has a healthy network connection. Anything in your workflow that terminates the runner process, starves it for CPU/Memory, or blocks its network access can cause this error.
E_N_D
exit 1
#: github job time
#: program gh-runner
#: must exceeded the maximum execution time
cat >&2 <<'E_N_D'
##[error]The job running on runner @w@-@n@ has exceeded the maximum execution time of 360 minutes.
##[error]The operation was canceled.
E_N_D
exit 1
#: github artifact
#: program gh-runner
#: must (No files were found|Artifact not found)
cat >&2 <<'E_N_D'
Run actions/download-artifact@v4
Downloading single artifact
##[error]Unable to download artifact(s): Artifact not found for name: @w@-report
        Please ensure that your artifact is not expired and the artifact was uploaded using a compatible version of toolkit/upload-artifact.
E_N_D
exit 1
#: gitlab artifact
#: program gitlab-runner
#: must (no matching files|No files to upload)
cat >&2 <<'E_N_D'
Uploading artifacts...
WARNING: @w@/@v@.xml: no matching files. Ensure that the artifact path is relative to the working directory (/builds/@w@) 
ERROR: No files to upload                          
Cleaning up project directory and file based variables
ERROR: Job failed: exit code 1
E_N_D
exit 1
#: gitlab image
#: program gitlab-runner
#: must (manifest unknown|not found)
cat >&2 <<'E_N_D'
WARNING: Failed to pull image with policy "always": Error response from daemon: manifest for @w@/@v@:1.@n@ not found: manifest unknown: manifest unknown (manager.go:237:0s)
ERROR: Job failed: failed to pull image "@w@/@v@:1.@n@" with specified policies [always]: Error response from daemon: manifest for @w@/@v@:1.@n@ not found: manifest unknown: manifest unknown (manager.go:237:0s)
E_N_D
exit 1
#: gitlab system
#: program gitlab-runner
#: must (system failure|Cannot connect|prepare environment)
cat >&2 <<'E_N_D'
ERROR: Job failed (system failure): prepare environment: waiting for pod running: pods "runner-@w@-project-@n@-concurrent-0" not found. Check https://docs.gitlab.com/runner/shells/ for more information
E_N_D
exit 1
#: flutter
#: program flutter
#: must (Undefined name|isn't defined)
cat >&2 <<'E_N_D'
lib/@w@.dart:@n@:@m@: Error: Undefined name '@v@'.
    print(@v@);
          ^^^^^^
Target kernel_snapshot failed: Exception


FAILURE: Build failed with an exception.

* What went wrong:
Execution failed for task ':app:compileFlutterBuildDebug'.
> Process 'command '/opt/flutter/bin/flutter'' finished with non-zero exit value 1

BUILD FAILED in @m@s
E_N_D
exit 1
#: xcodebuild
#: program xcodebuild
#: must (cannot find .* in scope)
cat >&2 <<'E_N_D'
CompileSwift normal arm64 /srv/app/@W@.swift (in target '@W@' from project '@W@')
/srv/app/@W@.swift:@n@:@m@: error: cannot find '@v@' in scope
        print(@v@)
              ^~~~
** BUILD FAILED **


The following build commands failed:
	CompileSwift normal arm64 /srv/app/@W@.swift (in target '@W@' from project '@W@')
(1 failure)
E_N_D
exit 1
#: cypress
#: program cypress
#: must (Timed out retrying|expected to find)
cat >&2 <<'E_N_D'
  @w@ page
    1) shows the @v@

  0 passing (@m@s)
  1 failing

  1) @w@ page
       shows the @v@:
     AssertionError: Timed out retrying after 4000ms: Expected to find element: `[data-test=@v@]`, but never found it.
      at Context.eval (webpack:///./cypress/e2e/@w@.cy.js:@m@:7)
E_N_D
exit 1
#: playwright
#: program playwright
#: must (Test timeout of|Timeout)
cat >&2 <<'E_N_D'
  1) [chromium] › tests/@w@.spec.ts:@m@:1 › shows the @v@ ───────────────────────────────

    Test timeout of 30000ms exceeded.

    Error: locator.click: Test timeout of 30000ms exceeded.
    Call log:
      - waiting for getByRole('button', { name: '@v@' })

       @m@ |   await page.goto('/');
    >  @n@ |   await page.getByRole('button', { name: '@v@' }).click();
         |                                                      ^

        at /srv/app/tests/@w@.spec.ts:@m@:5

  1 failed
    [chromium] › tests/@w@.spec.ts:@m@:1 › shows the @v@ ────────────────────────────────
E_N_D
exit 1
#: bazel
#: program bazel
#: must (undeclared|error:)
cat >&2 <<'E_N_D'
INFO: Analyzed target //@w@:@v@ (@n@ packages loaded, @n@3 targets configured).
ERROR: /srv/app/@w@/BUILD:@m@:10: Compiling @w@/@v@.cc failed: (Exit 1): gcc failed: error executing command (from target //@w@:@v@) /usr/bin/gcc -U_FORTIFY_SOURCE -fstack-protector ... (remaining @m@ arguments skipped)
@w@/@v@.cc:@n@:@m@: error: 'x' was not declared in this scope; did you mean 'y'?
    @n@ |   return x;
      |          ^
Target //@w@:@v@ failed to build
Use --verbose_failures to see the command lines of failed build steps.
INFO: Elapsed time: @m@.337s, Critical Path: 0.51s
FAILED: Build did NOT complete successfully
E_N_D
exit 1
#: bazel no target
#: program bazel
#: must (no such (target|package))
cat >&2 <<'E_N_D'
ERROR: Skipping '//@w@:@v@': no such target '//@w@:@v@': target '@v@' not declared in package '@w@' defined by /srv/app/@w@/BUILD
WARNING: Target pattern parsing failed.
ERROR: no such target '//@w@:@v@': target '@v@' not declared in package '@w@' defined by /srv/app/@w@/BUILD
INFO: Elapsed time: 0.@n@s
FAILED: Build did NOT complete successfully (0 packages loaded)
E_N_D
exit 1
#: cocoapods
#: program cocoapods
#: must (Unable to find a specification|could not find compatible versions)
cat >&2 <<'E_N_D'
Analyzing dependencies
[!] Unable to find a specification for `@W@@V@ (~> @m@.0)`

You have either:
 * mistyped the name or version.
 * not added the source repo that hosts the Podspec to your Podfile.
E_N_D
exit 1
#: pulumi
#: program pulumi
#: must (AccessDenied|not authorized)
cat >&2 <<'E_N_D'
Updating (@w@):
     Type                 Name       Status                  Info
 +   pulumi:pulumi:Stack  @w@-dev    **creating failed**     1 error
 +   └─ aws:s3:Bucket     @v@        **creating failed**     1 error

Diagnostics:
  aws:s3:Bucket (@v@):
    error: 1 error occurred:
    	* error creating S3 Bucket (@v@-@n@): AccessDenied: Access Denied
    	status code: 403, request id: 9F@n@

Resources:
    + 1 created

Duration: @m@s
E_N_D
exit 1
#: cloudformation
#: program cloudformation
#: must (CREATE_FAILED|ROLLBACK|Failed to create/update the stack)
cat >&2 <<'E_N_D'
Waiting for changeset to be created..
Waiting for stack create/update to complete

Failed to create/update the stack. Run the following command
to fetch the list of events leading up to the failure
aws cloudformation describe-stack-events --stack-name @w@-@v@
E_N_D
exit 1
#: vagrant boot
#: program vagrant-boot
#: must (Timed out while waiting)
cat >&2 <<'E_N_D'
==> @w@: Waiting for machine to boot. This may take a few minutes...
    @w@: SSH address: 127.0.0.1:2@n@
    @w@: Warning: Connection reset. Retrying...
Timed out while waiting for the machine to boot. This means that
Vagrant was unable to communicate with the guest machine within
the configured ("config.vm.boot_timeout" value) time period.

If you look above, you should be able to see the error(s) that
Vagrant had when attempting to connect to the machine.
E_N_D
exit 1
#: packer
#: program packer
#: must (Timeout waiting for SSH)
cat >&2 <<'E_N_D'
==> amazon-ebs.@w@: Waiting for SSH to become available...
==> amazon-ebs.@w@: Timeout waiting for SSH.
==> amazon-ebs.@w@: Terminating the source AWS instance...
Build 'amazon-ebs.@w@' errored after @m@ minutes 12 seconds: Timeout waiting for SSH.

==> Wait completed after @m@ minutes 12 seconds

==> Some builds didn't complete successfully and had errors:
--> amazon-ebs.@w@: Timeout waiting for SSH.

==> Builds finished but no artifacts were created.
E_N_D
exit 1
#: ansible unreachable
#: program ansible
#: must UNREACHABLE
cat >&2 <<'E_N_D'
PLAY [@w@] *********************************************************************

TASK [Gathering Facts] *********************************************************
fatal: [@v@-@n@]: UNREACHABLE! => {"changed": false, "msg": "Failed to connect to the host via ssh: ssh: connect to host @v@-@n@ port 22: Connection timed out", "unreachable": true}

PLAY RECAP *********************************************************************
@v@-@n@                    : ok=0    changed=0    unreachable=1    failed=0    skipped=0    rescued=0    ignored=0   
E_N_D
exit 1
#: ansible apt lock
#: program ansible
#: must (dpkg frontend lock|Failed to lock)
cat >&2 <<'E_N_D'
TASK [@w@ : install @v@] *******************************************************
fatal: [host@n@]: FAILED! => {"changed": false, "msg": "Failed to lock apt for exclusive operation: Failed to lock directory /var/lib/apt/lists/: E:Could not get lock /var/lib/apt/lists/lock. It is held by process @n@ (apt-get)"}

PLAY RECAP *********************************************************************
host@n@                    : ok=@m@    changed=1    unreachable=0    failed=1    skipped=2    rescued=0    ignored=0   
E_N_D
exit 1
#: apt lock
#: program apt
#: must (Could not get lock)
cat >&2 <<'E_N_D'
E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process @n@ (unattended-upgr)
E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?
E_N_D
exit 1
#: apt fetch
#: program apt
#: must (Connection timed out|Failed to fetch)
cat >&2 <<'E_N_D'
Err:1 http://deb.example.org/debian bookworm/main amd64 lib@w@-dev amd64 1.@n@-1
  Could not connect to deb.example.org:80 (10.0.0.@m@), connection timed out
E: Failed to fetch http://deb.example.org/debian/pool/main/l/lib@w@/lib@w@-dev_1.@n@-1_amd64.deb  Could not connect to deb.example.org:80 (10.0.0.@m@), connection timed out
E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?
E_N_D
exit 1
#: pip read timeout
#: program pip
#: must (Read timed out|ReadTimeoutError)
cat >&2 <<'E_N_D'
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by 'ReadTimeoutError("HTTPSConnectionPool(host='pypi.example.org', port=443): Read timed out. (read timeout=15)")': /simple/@w@-@v@/
ERROR: Exception:
Traceback (most recent call last):
  File "/usr/lib/python3/pip/_vendor/urllib3/response.py", line 438, in _error_catcher
    yield
socket.timeout: The read operation timed out

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/usr/lib/python3/pip/_internal/cli/base_command.py", line 173, in _main
    status = self.run(options, args)
pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(host='pypi.example.org', port=443): Read timed out.
E_N_D
exit 1
#: pip hash
#: program pip
#: must (DO NOT MATCH THE HASHES)
cat >&2 <<'E_N_D'
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, please update the hashes. Otherwise, examine the package contents carefully; someone may have tampered with them.
    @w@-@v@==1.@n@ from https://files.example.org/@w@-@v@-1.@n@.whl:
        Expected sha256 3f9a@n@
             Got        77b1@m@
E_N_D
exit 1
#: pip wheel
#: program pip
#: must (Failed building wheel|fatal error|metadata-generation|command 'gcc' failed)
cat >&2 <<'E_N_D'
  error: command '/usr/bin/gcc' failed with exit code 1
  [end of output]

  note: This error originates from a subprocess, and is likely not a problem with pip.
  ERROR: Failed building wheel for @w@-@v@
Failed to build @w@-@v@
ERROR: Could not build wheels for @w@-@v@, which is required to install pyproject.toml-based projects
E_N_D
exit 1
#: mongo write
#: program mongosh
#: must E11000
cat >&2 <<'E_N_D'
MongoServerError: E11000 duplicate key error collection: @w@.@v@ index: _id_ dup key: { _id: @n@ }
E_N_D
exit 1
#: mongo auth
#: program mongosh
#: must Authentication failed
cat >&2 <<'E_N_D'
MongoServerError: Authentication failed.
E_N_D
exit 1
#: mongo away
#: program mongosh
#: must ECONNREFUSED
cat >&2 <<'E_N_D'
Current Mongosh Log ID:	65@n@
Connecting to:		mongodb://127.0.0.1:27017/@w@?directConnection=true
MongoNetworkError: connect ECONNREFUSED 127.0.0.1:27017
E_N_D
exit 1
#: sqlplus
#: program sqlplus
#: must ORA-00942
cat >&2 <<'E_N_D'
SELECT * FROM @w@_@v@
              *
ERROR at line 1:
ORA-00942: table or view does not exist
E_N_D
exit 1
#: sqlplus busy
#: program sqlplus
#: must ORA-00054
cat >&2 <<'E_N_D'
ALTER TABLE @w@_@v@ ADD (a NUMBER)
*
ERROR at line 1:
ORA-00054: resource busy and acquire with NOWAIT specified or timeout expired
E_N_D
exit 1
#: flyway
#: program flyway
#: must (Validate failed|checksum mismatch)
cat >&2 <<'E_N_D'
ERROR: Validate failed: Migrations have failed validation
Migration checksum mismatch for migration version @m@
-> Applied to database : 1@n@77
-> Resolved locally    : -9@n@1
Either revert the changes to the migration, or run repair to update the schema history.
E_N_D
exit 1
#: liquibase lock
#: program liquibase
#: must (Could not acquire change log lock)
cat >&2 <<'E_N_D'
Unexpected error running Liquibase: liquibase.exception.LockException: Could not acquire change log lock.  Currently locked by @w@-@n@ (10.0.0.@m@) since 1/5/26, 10:20 AM
E_N_D
exit 1
#: kafka
#: program kafka-cli
#: must (TimeoutException|Timed out)
cat >&2 <<'E_N_D'
Error while executing topic command : Timed out waiting for a node assignment. Call: createTopics
[2026-01-05 10:20:31,112] ERROR org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment. Call: createTopics
 (kafka.admin.TopicCommand$)
E_N_D
exit 1
#: ray
#: program ray
#: must (OutOfMemoryError|ValueError)
cat >&2 <<'E_N_D'
Traceback (most recent call last):
  File "/srv/app/@w@.py", line @n@, in <module>
    ray.get(refs)
  File "/usr/lib/python3/ray/_private/worker.py", line 2624, in get
    raise value.as_instanceof_cause()
ray.exceptions.RayTaskError(ValueError): ray::@v@() (pid=@n@, ip=10.0.0.@m@)
  File "/srv/app/@w@.py", line @m@, in @v@
    raise ValueError("no rows")
ValueError: no rows
E_N_D
exit 1
#: ray node died
#: program ray
#: must (NodeDiedError|node died|raylet died|died unexpectedly)
cat >&2 <<'E_N_D'
ray.exceptions.LocalRayletDiedError: The task's local raylet died. Check raylet.out for more information.
E_N_D
exit 1
#: llm overloaded
#: program llm-api
#: must overloaded
cat >&2 <<'E_N_D'
Traceback (most recent call last):
  File "/srv/app/@w@.py", line @n@, in ask
    answer = client.messages.create(model=model, messages=messages)
anthropic.InternalServerError: Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}}
E_N_D
exit 1
#: llm context
#: program llm-api
#: must context_length_exceeded
cat >&2 <<'E_N_D'
openai.BadRequestError: Error code: 400 - {'error': {'message': "This model's maximum context length is 128000 tokens. However, your messages resulted in @n@9120 tokens.", 'type': 'invalid_request_error', 'param': 'messages', 'code': 'context_length_exceeded'}}
E_N_D
exit 1
#: llm key
#: program llm-api
#: must (401|Incorrect API key|invalid_api_key)
cat >&2 <<'E_N_D'
openai.AuthenticationError: Error code: 401 - {'error': {'message': 'Incorrect API key provided: sk-@w@*@n@.', 'type': 'invalid_request_error', 'param': None, 'code': 'invalid_api_key'}}
E_N_D
exit 1
#: agent empty diff
#: program agent
#: must (made no edits|No changes)
cat >&2 <<'E_N_D'
Reading @w@.py
Agent finished after @m@ turns
Error: the agent made no edits to the working tree
E_N_D
exit 1
#: agent bad patch
#: program agent
#: must (does not apply|malformed|corrupt)
cat >&2 <<'E_N_D'
Applying the model's patch to @w@.py
error: corrupt patch at line @m@
E_N_D
exit 1
#: agent missing report
#: program agent
#: must (was not written|missing)
cat >&2 <<'E_N_D'
Phase 'report' of @w@ done in @m@ turns
Error: required file reports/@v@.md was not written by the phase
E_N_D
exit 1
#: agent wall clock
#: program agent
#: must (time budget|exceeded)
cat >&2 <<'E_N_D'
Turn @m@ of 200
Error: agent exceeded its time budget of 3600 s
E_N_D
exit 1
