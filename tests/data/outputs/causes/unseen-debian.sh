#: gradle compile
#: program gradle
#: must (cannot find symbol|Compilation failed|compileJava)
mkdir -p src/main/java; echo "apply plugin: 'java'" > build.gradle; printf 'class @W@ {\n int a() { return @v@; }\n}\n' > src/main/java/@W@.java; gradle --offline -q compileJava
#: gradle unknown task
#: program gradle
#: must Task '@w@' not found
echo "apply plugin: 'java'" > build.gradle; gradle --offline @w@
#: gradle offline dependency
#: program gradle
#: must (Could not resolve|No cached version)
printf "apply plugin: 'java'\nrepositories { mavenCentral() }\ndependencies { compile 'org.@w@:@v@:@n@.0' }\n" > build.gradle; mkdir -p src/main/java; echo 'class A {}' > src/main/java/A.java; gradle --offline compileJava
#: gradle script
#: program gradle
#: must (Could not find method|Could not get unknown property|unknown property)
printf "task @w@ { doLast { println @v@ } }\n" > build.gradle; gradle --offline -q @w@
#: groovy missing property
#: program groovy
#: must (MissingPropertyException|No such property)
echo 'println @w@ + @n@' > @v@.groovy; groovy @v@.groovy
#: groovy no class
#: program groovy
#: must unable to resolve class
printf 'import org.@w@.@V@\nprintln new @V@()\n' > a.groovy; groovy a.groovy
#: groovy null
#: program groovy
#: must (NullPointerException|Cannot invoke|Cannot get property)
printf 'def @w@ = null\nprintln @w@.@v@()\n' > a.groovy; groovy a.groovy
#: clojure unresolved
#: program clojure
#: must Unable to resolve symbol
clojure -e '(println @w@-@v@)'
#: clojure no namespace
#: program clojure
#: must (Could not locate|FileNotFoundException)
clojure -e '(require (quote @w@.@v@))'
#: clojure class cast
#: program clojure
#: must ClassCastException
clojure -e '(+ 1 "@w@-@n@")'
#: kotlinc unresolved
#: program kotlinc
#: must unresolved reference
printf 'fun main() {\n    println(@w@ + @n@)\n}\n' > @v@.kt; kotlinc @v@.kt
#: kotlinc type
#: program kotlinc
#: must type mismatch
printf 'val @w@: Int = "@v@"\n' > a.kt; kotlinc a.kt
#: scalac type
#: program scalac
#: must type mismatch
printf 'object @W@ {\n  val a: Int = "@v@"\n}\n' > a.scala; scalac a.scala
#: scalac not found
#: program scalac
#: must not found: value
printf 'object @W@ {\n  val a = @v@\n}\n' > a.scala; scalac a.scala
#: jython import
#: program jython
#: must No module named
jython -c 'import @w@_@v@'
#: mcs missing type
#: program mcs
#: must CS0246
printf 'using System;\nclass @W@ { static void Main() { @V@ a = null; } }\n' > a.cs; mcs a.cs
#: mcs undefined
#: program mcs
#: must CS0103
printf 'using System;\nclass @W@ { static void Main() { Console.WriteLine(@v@); } }\n' > a.cs; mcs a.cs
#: mono null
#: program mono
#: must NullReferenceException
printf 'class @W@ { static void Main() { string a = null; System.Console.WriteLine(a.Length); } }\n' > @v@.cs; mcs @v@.cs && mono @v@.exe
#: mono file
#: program mono
#: must (FileNotFoundException|Could not find file)
printf 'class @W@ { static void Main() { System.IO.File.ReadAllText("@w@-@n@.csv"); } }\n' > a.cs; mcs a.cs && mono a.exe
#: mono timeout
#: program mono
#: must (TimeoutException|timed out)
printf 'class @W@ { static void Main() { throw new System.TimeoutException(); } }\n' > a.cs; mcs a.cs && mono a.exe
#: haxe unknown
#: program haxe
#: must Unknown identifier
printf 'class @W@ {\n  static function main() { trace(@v@); }\n}\n' > @W@.hx; haxe -main @W@ --interp
#: haxe no type
#: program haxe
#: must Type not found
haxe -main @W@@V@ --interp
#: rebar3 app
#: program rebar3
#: must (unbound|undefined)
mkdir src; echo '{erl_opts, []}. {deps, []}.' > rebar.config; printf '{application, @w@, [{vsn, "1"}, {applications, [kernel, stdlib]}]}.\n' > src/@w@.app.src; printf -- '-module(@w@).\n-export([a/0]).\na() -> @V@.\n' > src/@w@.erl; rebar3 compile
#: phpunit fails
#: program phpunit
#: must (Failed asserting|test@W@)
printf '<?php\nuse PHPUnit\\Framework\\TestCase;\nclass @V@Test extends TestCase { function test@W@() { $this->assertEquals(@n@, @m@); } }\n' > @V@Test.php; phpunit @V@Test.php
#: phpunit no file
#: program phpunit
#: must (Cannot open file|not found|could not be found)
phpunit tests/@W@@V@Test.php
#: phpunit error
#: program phpunit
#: must (Undefined|undefined)
printf '<?php\nuse PHPUnit\\Framework\\TestCase;\nclass @V@Test extends TestCase { function test@W@() { $this->assertSame(1, @w@_@v@(1)); } }\n' > @V@Test.php; phpunit @V@Test.php
#: rspec fails
#: program rspec
#: must (expected: |expect\(@n@\))
printf 'describe "@w@" do\n it "@v@" do\n  expect(@n@).to eq(@m@)\n end\nend\n' > @w@_spec.rb; rspec @w@_spec.rb
#: rspec no file
#: program rspec
#: must cannot load such file
rspec spec/@w@_@v@_spec.rb
#: rspec load
#: program rspec
#: must cannot load such file
printf 'require "@w@/@v@"\ndescribe 1 do\nend\n' > a_spec.rb; rspec a_spec.rb
#: rake no task
#: program rake
#: must Don't know how to build task
echo 'task :@v@ do end' > Rakefile; rake @w@
#: rake command fails
#: program rake
#: must (No such file|cannot access)
printf 'task :@w@ do\n sh "ls /srv/@v@-@n@"\nend\n' > Rakefile; rake @w@
#: rake aborted
#: program rake
#: must @w@ is not there
printf 'task :@w@ do\n raise "@w@ is not there"\nend\n' > Rakefile; rake @w@
#: bundler no gem
#: program bundler
#: must (Could not find gem|Could not reach|Could not fetch)
printf 'source "https://rubygems.invalid"\ngem "@w@-@v@"\n' > Gemfile; bundle install --local
#: rubocop offence
#: program rubocop
#: must (Lint|Style|Naming|Layout)
printf '# frozen_string_literal: true\n\n@w@ = @n@\nputs "@v@"\n' > @v@.rb; rubocop --cache false @v@.rb
#: busted fails
#: program busted
#: must (Expected|not equal|Failure)
mkdir spec; printf 'describe("@w@", function() it("@v@", function() assert.are.equal(@n@, @m@) end) end)\n' > spec/@w@_spec.lua; busted
#: bats fails
#: program bats
#: must (not ok|failed|@w@)
printf '@test "@w@ adds" {\n  [ @n@ -eq @m@ ]\n}\n' > @v@.bats; bats @v@.bats
#: bats no file
#: program bats
#: must (does not exist|No such file)
bats tests/@w@-@v@.bats
#: prove fails
#: program prove
#: must (Failed test|got:|Failed 1/1)
printf 'use Test::More tests => 1;\nis(@n@, @m@, "@w@ adds");\n' > @v@.t; prove @v@.t
#: prove no module
#: program prove
#: must Can't locate
printf 'use Test::More tests => 1;\nuse @W@::@V@;\nok(1);\n' > a.t; prove a.t
#: csi unbound
#: program csi
#: must unbound variable
printf '(display (+ @w@ @n@))\n' > @v@.scm; csi -s @v@.scm
#: poly type
#: program poly
#: must (Value or constructor|not been declared)
echo 'val x = @w@ + @n@;' > @v@.ML; poly --use @v@.ML -q --error-exit < /dev/null
#: ksh not found
#: program ksh
#: must not found
ksh -c '@w@-@v@ @n@'
#: ksh parameter
#: program ksh
#: must parameter not set
ksh -uc 'echo ${@w@_@v@}'
#: mksh syntax
#: program mksh
#: must syntax error
printf 'for a in @w@; do\n echo $a\n' > a.sh; mksh a.sh
#: busybox applet
#: program busybox
#: must applet not found
busybox @w@-@v@
#: busybox wget
#: program busybox
#: must Connection refused
busybox wget -O a http://127.0.0.1:@x@/@w@/@n@
#: emacs batch void
#: program emacs
#: must void
emacs --batch --eval '(message "%s" (@w@-@v@ @n@))'
#: emacs batch file
#: program emacs
#: must (Cannot open|No such file)
emacs --batch -l @w@/@v@-@n@.el
#: gp undefined
#: program gp
#: must impossible inverse
echo '@n@/0' | gp -q -f --emacs; echo '1/0' > a.gp; gp -q -f a.gp < /dev/null || exit 1; exit 1
#: pdflatex undefined
#: program pdflatex
#: must Undefined control sequence
printf '\\documentclass{article}\n\\begin{document}\n\\@w@@v@{@n@}\n\\end{document}\n' > @w@.tex; pdflatex -interaction=nonstopmode -halt-on-error @w@.tex
#: pdflatex package
#: program pdflatex
#: must File `@w@@v@.sty' not found
printf '\\documentclass{article}\n\\usepackage{@w@@v@}\n\\begin{document}\na\n\\end{document}\n' > a.tex; pdflatex -interaction=nonstopmode -halt-on-error a.tex
#: pdflatex no file
#: program pdflatex
#: must I can't find file
pdflatex -interaction=nonstopmode @w@-@n@
#: jsonnet unknown
#: program jsonnet
#: must (Unknown variable|static error)
echo '{ a: @w@ + @n@ }' > @v@.jsonnet; jsonnet @v@.jsonnet
#: jsonnet import
#: program jsonnet
#: must couldn't open import
echo '(import "@w@/@v@.libsonnet") + {}' > a.jsonnet; jsonnet a.jsonnet
#: xmlstarlet
#: program xmlstarlet
#: must (mismatch|Opening and ending)
printf '<@w@>\n <@v@>@n@</@w@>\n' > a.xml; xmlstarlet val -e a.xml
#: tesseract no file
#: program tesseract
#: must (cannot|failed to open|cannot be read|Error)
tesseract @w@-@n@.png out
#: cwebp
#: program cwebp
#: must (cannot open input file|Could not|Error)
cwebp @w@-@n@.png -o @v@.webp
#: flac
#: program flac
#: must (ERROR|can't open|No such file)
flac @w@-@n@.wav
#: rsvg
#: program rsvg-convert
#: must (Error|XML|No such file)
echo '<svg @w@="@n@"><g></svg>' > @v@.svg; rsvg-convert @v@.svg -o a.png
#: cppcheck
#: program cppcheck
#: must (arrayIndexOutOfBounds|out of bounds)
printf 'int @w@() {\n  int a[@m@];\n  a[@m@] = 1;\n  return a[0];\n}\n' > @v@.c; cppcheck -q --error-exitcode=1 @v@.c
#: clang-format
#: program clang-format
#: must clang-formatted
printf 'int   @w@ ( ) {return @n@;}\n' > @v@.c; clang-format --dry-run -Werror @v@.c
#: bmake target
#: program bmake
#: must don't know how to make
printf 'all: @w@-@v@.o\n' > Makefile; bmake
#: waf
#: program waf
#: must (not configured|wscript|project)
waf build --targets=@w@
#: qmake
#: program qmake
#: must could not find a Qt installation
qmake @w@/@v@.pro
#: lintian
#: program lintian
#: must (cannot|does not exist|not a)
lintian @w@_@n@_amd64.deb
#: mpirun no program
#: program mpirun
#: must (was unable to|could not|no such file|not find)
mpirun --allow-run-as-root -np 1 @w@-@v@
#: mpirun abort
#: program mpirun
#: must (MPI_ABORT|exited|exit code|non-zero|detected)
mpirun --allow-run-as-root -np 1 bash -c 'exit 3'
#: sbatch
#: program slurm
#: must (Unable to contact|Could not establish a configuration source|resolve|connect)
printf 'ClusterName=@w@\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=1@x@\nMessageTimeout=2\n' > slurm.conf; SLURM_CONF=$PWD/slurm.conf timeout 60 squeue
#: etcdctl
#: program etcdctl
#: must (connection refused|deadline exceeded|context deadline)
ETCDCTL_API=3 etcdctl --endpoints=127.0.0.1:@x@ --dial-timeout=500ms --command-timeout=2s get /@w@/@n@
#: kcat
#: program kcat
#: must (refused|Connect to|broker)
timeout 60 kcat -L -m 2 -b 127.0.0.1:@x@ -t @w@-@v@
#: influx
#: program influx
#: must (Failed to connect|refused)
influx -host 127.0.0.1 -port @x@ -execute 'show databases'
#: sqitch
#: program sqitch
#: must (No changes|Cannot find|does not exist|not|Unknown)
sqitch init @w@ --engine pg > a.log; sqitch deploy db:pg:@w@_@v@_@n@
#: sqitch unknown change
#: program sqitch
#: must (Unknown change|Cannot|not)
sqitch init @w@ --engine pg > a.log; sqitch add a -n a > b.log; sqitch rework @v@ -n b
#: smbclient
#: program smbclient
#: must (CONNECTION_REFUSED|Connection)
smbclient -p @x@ -N //127.0.0.1/@w@ -c ls
#: swaks
#: program swaks
#: must (Connection refused|Error connecting)
swaks --to @w@@v@@example.org --server 127.0.0.1:@x@
#: msmtp
#: program msmtp
#: must (Connection refused|cannot connect)
echo a | msmtp --host=127.0.0.1 --port=@x@ --from=a@example.org @w@@example.org
#: gnutls-cli
#: program gnutls-cli
#: must Connection refused
gnutls-cli -p @x@ 127.0.0.1 < /dev/null
#: ab refused
#: program ab
#: must Connection refused
ab -n @m@ -c 1 http://127.0.0.1:@x@/@w@/
#: wget2
#: program wget2
#: must (Failed to connect|refused)
wget2 -t 1 http://127.0.0.1:@x@/@w@/@n@
#: s3cmd refused
#: program s3cmd
#: must no such option
timeout 100 s3cmd --access_key=a --secret_key=b --no-ssl --host=127.0.0.1:@x@ --host-bucket= --max-retries=1 ls s3://@w@-@v@
#: unison
#: program unison
#: must (Fatal error|cannot|No such|roots)
unison -batch -ui text @w@ ssh://127.0.0.1:@x@//srv/@v@
#: rdiff-backup
#: program rdiff-backup
#: must (does not exist|Error|not)
rdiff-backup backup @w@-@n@ @v@
#: duplicity
#: program duplicity
#: must (does not exist|doesn't exist|not|error)
duplicity --no-encryption restore file:///srv/@w@-@n@ @v@
#: git-lfs
#: program git-lfs
#: must (not a git repo|Not in a|Error|smudge)
git lfs pull origin @w@
#: gh no token
#: program gh
#: must (auth login|GH_TOKEN|GITHUB_TOKEN|not logged)
gh pr list --repo @w@/@v@
#: podman
#: program podman
#: must (does not exist|no such|not found|unable)
podman inspect @w@-@v@
#: buildah
#: program buildah
#: must (no such file|does not exist|not)
buildah bud -f @w@/Dockerfile.@v@ .
#: umoci
#: program umoci
#: must (no such file|image)
umoci ls --layout @w@-@n@
#: virsh
#: program virsh
#: must (failed to connect|Failed to connect socket|No such file)
virsh -c qemu:///system start @w@-@v@
#: docker-compose
#: program docker-compose
#: must (Couldn't connect|connection|Cannot connect|Connection aborted|refused)
printf 'version: "3"\nservices:\n  @w@:\n    image: @v@:1.@n@\n' > docker-compose.yml; DOCKER_HOST=tcp://127.0.0.1:@x@ docker-compose up
#: docker-compose config
#: program docker-compose
#: must (Unsupported config|Additional properties|invalid|undefined)
printf 'version: "3"\nservices:\n  @w@:\n    imagex: @v@\n' > docker-compose.yml; docker-compose config
#: nft
#: program nft
#: must (syntax error|Could not process|No such file)
printf 'add rule inet @w@ @v@ tcp dprt @n@ accept\n' > a.nft; nft -c -f a.nft
#: bcftools
#: program bcftools
#: must (Failed to|No such file)
bcftools view @w@-@n@.vcf
#: bedtools
#: program bedtools
#: must (Unable to open|could not|Error)
bedtools merge -i @w@-@n@.bed
#: blastn
#: program blastn
#: must (No alias or index file|Database error)
printf '>@w@\nACGT\n' > a.fa; blastn -query a.fa -db @v@-@n@
#: glpsol
#: program glpsol
#: must (not defined|error|unable)
printf 'var x;\nmaximize z: x + @w@;\nend;\n' > @v@.mod; glpsol -m @v@.mod
#: lilypond
#: program lilypond
#: must (unknown escaped string|cannot find file|error)
echo '{ \@w@@v@ c4 }' > a.ly; lilypond -dno-point-and-click a.ly
#: createdb refused
#: program createdb
#: must (refused|could not connect)
createdb -h 127.0.0.1 -p @x@ @w@_@v@
#: pg_isready
#: program pg_isready
#: must no response
pg_isready -h 127.0.0.1 -p @x@ -d @w@
#: mysqladmin
#: program mysqladmin
#: must (connect to server at|Can't connect)
mysqladmin -h 127.0.0.1 -P @x@ status
#: nslookup
#: program nslookup
#: must (no servers could be reached|refused|can't find|timed out)
nslookup -timeout=1 -retry=1 -port=@x@ @w@-@n@.example.org 127.0.0.1
#: sftp
#: program sftp
#: must (Connection refused|Connection closed)
sftp -o BatchMode=yes -P @x@ -b /dev/null @w@@127.0.0.1
#: ssh denied
#: program scp
#: must (refused|lost connection|Connection)
scp -o BatchMode=yes -P @x@ a.txt @w@@127.0.0.1:/srv/@v@
#: telnet
#: program telnet
#: must (refused|Unable to connect)
telnet 127.0.0.1 @x@
#: cryptsetup
#: program cryptsetup
#: must (does not exist|not|Device)
cryptsetup luksOpen @w@-@n@.img @v@
#: ip link
#: program ip
#: must (does not exist|Cannot find|not)
ip link set @w@@m@ up
#: modprobe
#: program modprobe
#: must not found
modprobe @w@_@v@
#: crontab
#: program crontab
#: must (bad minute|errors in crontab)
echo '@n@x * * * * @w@' > @v@.cron; crontab @v@.cron
#: chroot
#: program chroot
#: must (No such file|cannot)
chroot /srv/@w@-@n@ /bin/@v@
