#: java null
#: program java
#: must NullPointerException
printf 'class @W@ { public static void main(String[] a) { Object @v@ = null; @v@.hashCode(); } }\n' > @W@.java; java @W@.java
#: java index
#: program java
#: must (ArrayIndexOutOfBounds|out of bounds)
printf 'class @W@ { public static void main(String[] a) { System.out.println(new int[@m@][0][a.length].length + new int[@m@][@n@0000 + 0].length + a[@n@]); } }\n' > @W@.java; java @W@.java
#: java memory
#: program java
#: must OutOfMemoryError
printf 'import java.util.*;\nclass @W@ { public static void main(String[] a) { List<int[]> @v@ = new ArrayList<>(); while (true) @v@.add(new int[1 << 20]); } }\n' > @W@.java; javac @W@.java && java -Xmx16m @W@
#: java refused
#: program java
#: must (ConnectException|refused)
printf 'import java.net.*;\nclass @W@ { public static void main(String[] a) throws Exception { new URL("http://127.0.0.1:@x@/@v@").openStream(); } }\n' > @W@.java; java @W@.java 
#: java jdbc driver
#: program java
#: must No suitable driver
printf 'import java.sql.*;\nclass @W@ { public static void main(String[] a) throws Exception { DriverManager.getConnection("jdbc:@v@://127.0.0.1/@w@"); } }\n' > @W@.java; java @W@.java
#: java stack
#: program java
#: must StackOverflowError
printf 'class @W@ { static int @v@(int a) { return @v@(a + 1); } public static void main(String[] a) { @v@(@n@); } }\n' > @W@.java; java @W@.java
#: java jar
#: program java
#: must (Unable to access jarfile)
java -jar @w@-@n@.jar
#: java parse
#: program java
#: must NumberFormatException
printf 'class @W@ { public static void main(String[] a) { Integer.parseInt("@v@-@n@"); } }\n' > @W@.java; java @W@.java
#: java future timeout
#: program java
#: must TimeoutException
printf 'import java.util.concurrent.*;\nclass @W@ { public static void main(String[] a) throws Exception { new CompletableFuture<String>().get(100, TimeUnit.MILLISECONDS); } }\n' > @W@.java; java @W@.java
#: javac missing semicolon
#: program javac
#: must ';' expected
printf 'class @W@ {\n  int @v@ = @n@\n}\n' > @W@.java; javac @W@.java
#: javac incompatible
#: program javac
#: must incompatible types
printf 'class @W@ {\n  int a = "@v@";\n}\n' > @W@.java; javac @W@.java
#: javac unreported
#: program javac
#: must unreported exception
printf 'class @W@ {\n  void @v@() { throw new Exception("@n@"); }\n}\n' > @W@.java; javac @W@.java
#: javac no file
#: program javac
#: must file not found
javac src/@W@/@V@.java
#: gcc conflicting
#: program gcc
#: must conflicting types
printf 'int @w@(int a);\nchar *@w@(int a) { return 0; }\n' > @v@.c; gcc -c @v@.c
#: gcc werror
#: program gcc
#: must unused variable
printf 'int main(void) {\n  int @w@ = @n@;\n  return 0;\n}\n' > @v@.c; gcc -Wall -Werror -c @v@.c
#: gcc args
#: program gcc
#: must too (few|many) arguments
printf 'int @w@(int a) { return a; }\nint main(void) { return @w@(); }\n' > @v@.c; gcc @v@.c
#: gcc no file
#: program gcc
#: must No such file
gcc -c @w@/@v@.c
#: g++ no match
#: program g++
#: must (no match for|no matching function)
printf '#include <string>\nint main() {\n  std::string @w@ = "a";\n  return @w@ - @n@;\n}\n' > @v@.cc; g++ @v@.cc
#: ld multiple
#: program gcc
#: must multiple definition
printf 'int @w@ = @n@;\n' > a.c; printf 'int @w@ = @m@;\nint main(void) { return 0; }\n' > b.c; gcc a.c b.c
#: make syntax
#: program make
#: must (missing separator)
printf 'all:\n\techo a\n@w@ @v@\n' > Makefile; make
#: make circular
#: program make
#: must (No such file|cannot stat)
printf 'all: out.txt\nout.txt:\n\tcp @w@/@v@-@n@.txt out.txt\n' > Makefile; make
#: make python
#: program make
#: must (ModuleNotFoundError|No module named)
printf 'test:\n\tpython3 -m @w@_@v@\n' > Makefile; make test
#: make curl
#: program make
#: must (Failed to connect|Couldn't connect|refused)
printf 'fetch:\n\tcurl -sSf http://127.0.0.1:@x@/@w@-@n@.tgz -o a.tgz\n' > Makefile; make fetch
#: make no makefile
#: program make
#: must (No targets specified|no makefile)
make
#: cmake compiler fails
#: program cmake
#: must (Cannot find source file|No SOURCES)
printf 'cmake_minimum_required(VERSION 3.10)\nproject(@w@ C)\nadd_executable(@v@ @w@_@n@.c)\n' > CMakeLists.txt; cmake -B b .
#: cmake unknown command
#: program cmake
#: must Unknown CMake command
printf 'cmake_minimum_required(VERSION 3.10)\nproject(@w@ NONE)\n@v@_setup()\n' > CMakeLists.txt; cmake -B b .
#: ctest fails
#: program ctest
#: must (Failed|tests failed|@w@)
printf 'cmake_minimum_required(VERSION 3.10)\nproject(a NONE)\nenable_testing()\nadd_test(NAME @w@ COMMAND bash -c "echo @v@ is @n@ >&2; exit 3")\n' > CMakeLists.txt; cmake -B b . > a.log; ctest --test-dir b --output-on-failure
#: ctest timeout
#: program ctest
#: must Timeout
printf 'cmake_minimum_required(VERSION 3.10)\nproject(a NONE)\nenable_testing()\nadd_test(NAME @w@ COMMAND sleep 9)\nset_tests_properties(@w@ PROPERTIES TIMEOUT 1)\n' > CMakeLists.txt; cmake -B b . > a.log; ctest --test-dir b
#: ctest no tests
#: program ctest
#: must No tests were found
mkdir b; ctest --test-dir b --no-tests=error -R @w@
#: perl undefined sub
#: program perl
#: must Undefined subroutine
perl -e '@w@_@v@(@n@);'
#: perl strict
#: program perl
#: must Global symbol
printf 'use strict;\n$@w@ = @n@;\n' > @v@.pl; perl @v@.pl
#: perl method
#: program perl
#: must (Can't locate object method|Can't call method)
perl -e 'my $@w@; $@w@->@v@(@n@);'
#: ruby no method
#: program ruby
#: must undefined method
ruby -e 'nil.@w@_@v@(@n@)'
#: ruby key
#: program ruby
#: must KeyError
ruby -e '{}.fetch("@w@-@n@")'
#: ruby refused
#: program ruby
#: must (ECONNREFUSED|refused)
ruby -e 'require "net/http"; Net::HTTP.get(URI("http://127.0.0.1:@x@/@w@"))'
#: ruby timeout
#: program ruby
#: must (execution expired|Timeout)
ruby -e 'require "timeout"; Timeout.timeout(0.2) { sleep @n@ }'
#: ruby open timeout
#: program ruby
#: must (ReadTimeout)
ruby -e 'require "net/http"; s = TCPServer.new("127.0.0.1", 0); h = Net::HTTP.new("127.0.0.1", s.addr[1]); h.read_timeout = 0.2; h.max_retries = 0; h.get("/@w@/@n@")'
#: ruby argument
#: program ruby
#: must (wrong number of arguments|ArgumentError)
printf 'def @w@(a)\n a\nend\n@w@(@n@, @m@)\n' > @v@.rb; ruby @v@.rb
#: lua arithmetic
#: program lua5.3
#: must attempt to perform arithmetic
printf 'local @w@ = nil\nprint(@w@ + @n@)\n' > @v@.lua; lua5.3 @v@.lua
#: lua call
#: program lua5.3
#: must attempt to call
printf '@w@.@v@()\n' > a.lua; printf 'local t = {}\nt.@w@(@n@)\n' > @v@.lua; lua5.3 @v@.lua
#: lua syntax
#: program lua5.3
#: must (expected|unexpected)
printf 'if @w@ then\n print(@n@)\n' > @v@.lua; lua5.3 @v@.lua
#: php undefined function
#: program php
#: must undefined function
printf '<?php\n@w@_@v@(@n@);\n' > @v@.php; php @v@.php
#: php type
#: program php
#: must TypeError
printf '<?php\nfunction @w@(int $a) { return $a; }\n@w@("@v@");\n' > @v@.php; php @v@.php
#: php pdo
#: program php
#: must (could not find driver)
php -r 'new PDO("@w@:host=127.0.0.1;dbname=@v@");'
#: php memory
#: program php
#: must Allowed memory size
php -d memory_limit=4M -r '$@w@ = []; while (true) $@w@[] = str_repeat("@v@", 9000);'
#: php time
#: program php
#: must Maximum execution time
php -d max_execution_time=1 -r 'while (true) { $@w@ = @n@; }'
#: go test fails
#: program go
#: must (got @n@|FAIL: Test@W@|want)
printf 'module example.org/@w@\ngo 1.19\n' > go.mod; printf 'package @w@\nimport "testing"\nfunc Test@W@(t *testing.T) { t.Fatalf("got @n@, want @m@") }\n' > @v@_test.go; go test ./...
#: go unused
#: program go
#: must declared (and|but) not used
printf 'module example.org/@w@\ngo 1.19\n' > go.mod; printf 'package main\nfunc main() {\n\t@v@ := @n@\n}\n' > main.go; go build ./...
#: go nil map
#: program go
#: must assignment to entry in nil map
printf 'package main\nfunc main() {\n\tvar @w@ map[string]int\n\t@w@["@v@"] = @n@\n}\n' > @v@.go; go run @v@.go
#: go test timeout
#: program go
#: must test timed out
printf 'module example.org/@w@\ngo 1.19\n' > go.mod; printf 'package @w@\nimport ("testing"; "time")\nfunc Test@W@(t *testing.T) { time.Sleep(9 * time.Second) }\n' > @v@_test.go; go test -timeout 1s ./...
#: go refused
#: program go
#: must connection refused
printf 'package main\nimport "net/http"\nfunc main() {\n\t_, err := http.Get("http://127.0.0.1:@x@/@w@/@n@")\n\tif err != nil { panic(err) }\n}\n' > @v@.go; go run @v@.go
#: psql column
#: program psql
#: must column .* does not exist
psql -v ON_ERROR_STOP=1 -c 'select @w@_@v@ from pg_class'
#: psql syntax
#: program psql
#: must syntax error
psql -v ON_ERROR_STOP=1 -c 'selct @n@ frm @w@'
#: psql statement timeout
#: program psql
#: must statement timeout
psql -v ON_ERROR_STOP=1 -c 'set statement_timeout = 100' -c 'select pg_sleep(@n@)'
#: psql lock timeout
#: program psql
#: must lock timeout
psql -q -c 'create database bd_corpus_@w@' ; PGDATABASE=bd_corpus_@w@; export PGDATABASE; psql -q -c 'create table if not exists @v@ (id int)'; (psql -q -c 'begin; lock table @v@; select pg_sleep(3)' > /dev/null 2>&1 &) ; sleep 1; psql -v ON_ERROR_STOP=1 -c 'set lock_timeout = 200; select * from @v@'; r=$?; sleep 3; PGDATABASE=postgres psql -q -c 'drop database bd_corpus_@w@'; exit $r
#: curl 503
#: program curl
#: must 503
printf 'import http.server\nclass H(http.server.BaseHTTPRequestHandler):\n    def do_GET(self): self.send_error(503)\n    def log_message(self, *a): pass\ns = http.server.HTTPServer(("127.0.0.1", 0), H)\nopen("port", "w").write(str(s.server_port))\ns.handle_request()\n' > s.py; python3 s.py & sleep 1; curl -sSf http://127.0.0.1:$(cat port)/@w@/@n@
#: curl 404
#: program curl
#: must 404
printf 'import http.server\nclass H(http.server.BaseHTTPRequestHandler):\n    def do_GET(self): self.send_error(404)\n    def log_message(self, *a): pass\ns = http.server.HTTPServer(("127.0.0.1", 0), H)\nopen("port", "w").write(str(s.server_port))\ns.handle_request()\n' > s.py; python3 s.py & sleep 1; curl -sSf http://127.0.0.1:$(cat port)/@w@/@n@
#: git pathspec
#: program git
#: must pathspec
git init -q a; cd a; git checkout @w@-@v@
#: git no remote
#: program git
#: must does not appear to be a git repository
git init -q a; cd a; git fetch @w@
#: git clone local
#: program git
#: must (does not exist|not a git)
git clone /srv/@w@-@n@.git
#: git http refused
#: program git
#: must (Failed to connect|unable to access|Couldn't connect)
git clone http://127.0.0.1:@x@/@w@/@v@.git
#: git cherry-pick
#: program git
#: must (CONFLICT|could not apply)
git init -q a; cd a; git config user.email a@b; git config user.name a; echo 1 > @w@; git add .; git commit -qm 1; git checkout -qb @v@; echo @n@ > @w@; git commit -qam 2; git checkout -q -; echo 3 > @w@; git commit -qam 3; git cherry-pick @v@
#: git nothing
#: program git
#: must (nothing to commit|nothing added)
git init -q a; cd a; git config user.email a@b; git config user.name a; echo 1 > @w@; git add .; git commit -qm 1; git commit -m @v@
#: git am
#: program git
#: must auto-detect email
git init -q a; cd a; echo @w@-@n@ > a.patch; git am a.patch
#: tar no file
#: program tar
#: must (Cannot open|Cannot stat)
tar xf @w@-@n@.tar.gz
#: tar not gzip
#: program tar
#: must (not in gzip format|does not look like)
echo @w@ > @v@.tgz; tar xzf @v@.tgz
#: unzip no file
#: program unzip
#: must (cannot find or open)
unzip @w@-@n@.zip
#: maven goal
#: program maven
#: must (Unknown lifecycle phase|no POM|MissingProject)
mvn -o -q @w@
#: maven pom
#: program maven
#: must (Non-parseable POM|Unrecognised tag|Malformed)
printf '<project><modelVersion>4.0.0</modelVersion><@w@><groupId>a</groupId></project>' > pom.xml; mvn -o -q package
#: docker file
#: program docker
#: must (unknown flag|unknown shorthand|not a docker command|unknown command)
docker @w@-@v@ --x@n@
#: kubectl file
#: program kubectl
#: must (does not exist|no such file)
kubectl apply -f @w@/@v@.yaml --dry-run=client --validate=false
#: kubectl config
#: program kubectl
#: must (does not exist|no context|not found for specified context)
kubectl --context=@w@-@n@ get pods
#: cargo offline
#: program cargo
#: must (no matching package|failed to (get|load)|unable to update)
mkdir src; echo 'fn main() {}' > src/main.rs; printf '[package]\nname = "@w@"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n@v@-@w@ = "@m@"\n' > Cargo.toml; cargo build --offline
#: cargo manifest
#: program cargo
#: must (failed to parse manifest|could not find .Cargo.toml|invalid|expected)
printf '[package\nname = "@w@"\n' > Cargo.toml; cargo build --offline
#: cargo borrow
#: program cargo
#: must (E0382|borrow of moved value)
mkdir src; printf 'fn main() {\n    let @v@ = String::from("@n@");\n    let b = @v@;\n    println!("{} {}", @v@, b);\n}\n' > src/main.rs; printf '[package]\nname = "@w@"\nversion = "0.1.0"\nedition = "2021"\n' > Cargo.toml; cargo build --offline
#: cargo test
#: program cargo
#: must (panicked|assertion|left)
mkdir src; printf '#[test]\nfn @w@() { assert_eq!(@n@, @m@); }\n' > src/lib.rs; printf '[package]\nname = "@v@"\nversion = "0.1.0"\nedition = "2021"\n' > Cargo.toml; cargo test --offline
#: rustc mismatch
#: program rustc
#: must (E0308|mismatched types)
printf 'fn main() {\n    let @w@: u32 = "@v@";\n}\n' > a.rs; rustc a.rs
#: rustc panic
#: program rustc
#: must (panicked|index out of bounds)
printf 'fn main() {\n    let @w@ = vec![1, 2];\n    let i = std::env::args().count() + @n@;\n    println!("{}", @w@[i]);\n}\n' > @v@.rs; rustc -o a @v@.rs && ./a
#: elixir match
#: program elixir
#: must MatchError
elixir -e '{:ok, @w@} = {:error, @n@}'
#: elixir undefined
#: program elixir
#: must (UndefinedFunctionError|undefined)
elixir -e '@W@.@v@(@n@)'
#: openssl verify
#: program openssl
#: must (No such file|Could not open|Can't open|Could not read)
openssl x509 -in @w@/@v@.pem -noout
#: systemctl
#: program systemctl
#: must (not been booted|Failed to connect|could not be found|not found)
systemctl start @w@-@v@.service
#: jq error
#: program jq
#: must (Cannot index|Cannot iterate)
echo '[@n@]' | jq '.[0].@w@'
#: oom kill
#: program bash
#: must (Killed|KILL|137)
bash -c 'echo @w@ @n@ rows; kill -9 $$'
#: abort
#: program bash
#: must (Abort|ABRT|134)
bash -c 'echo reading @w@ >&2; kill -ABRT $$'
#: job after traceback
#: program ci-runner
#: must KeyError
python3 -c '{}["@w@"]'; echo 'Cleaning up project directory and file based variables'; echo 'ERROR: Job failed: exit code 1' >&2; exit 1
#: job fails plainly
#: program ci-runner
#: must (exit code 1|failed)
echo 'Preparing environment'; echo 'Running on runner-@n@ via @w@'; echo 'ERROR: Job failed: exit code 1' >&2; exit 1
#: job time limit
#: program ci-runner
#: must (execution took longer|timeout)
echo 'Running on runner-@n@ via @w@'; echo 'ERROR: Job failed: execution took longer than 1h0m0s seconds' >&2; exit 1
