#: svn no repository
#: program svn
#: must (Unable to connect|not a working copy|E\d+)
svn checkout file:///srv/@w@/@v@-@n@
#: svn not a working copy
#: program svn
#: must not a working copy
svn commit -m @w@ @v@
#: svn unknown revision
#: program svn
#: must No such revision
svnadmin create r; svn log -r @n@ file://$PWD/r
#: hg no repository
#: program hg
#: must no repository found
hg log -r @w@
#: hg unknown revision
#: program hg
#: must unknown revision
hg init; hg update @w@-@v@
#: hg nothing pushed
#: program hg
#: must (repository .* (not found|default)|abort)
hg init; hg push ../@w@-@n@
#: gnuplot no file
#: program gnuplot
#: must (Cannot find or open|no valid points|No such file)
gnuplot -e 'set terminal dumb; plot "@w@-@n@.dat"'
#: gnuplot undefined variable
#: program gnuplot
#: must undefined variable
gnuplot -e 'print @w@_@v@ + @n@'
#: fish not found
#: program fish
#: must (Unknown command|command not found)
fish -c '@w@-@v@ --a'
#: zsh not found
#: program zsh
#: must command not found
zsh -c '@w@-@v@ --a'
#: zsh no matches
#: program zsh
#: must no matches found
zsh -c 'ls @w@-*.@v@'
#: dash syntax
#: program dash
#: must Syntax error
printf 'if true; then\n echo @w@\n' > a.sh; dash a.sh
#: dash parameter
#: program dash
#: must parameter not set
dash -uc 'echo $@w@_@v@'
#: tcsh undefined variable
#: program tcsh
#: must Undefined variable
tcsh -fc 'echo $@w@_@v@'
#: m4 no file
#: program m4
#: must cannot open
m4 @w@-@n@.m4
#: autoconf macro
#: program autoconf
#: must (undefined macro|possibly undefined|error)
printf 'AC_INIT([@w@],[@n@])\nAC_@W@_CHECK\nm4_pattern_forbid([^AC_])\nAC_OUTPUT\n' > configure.ac; autoconf
#: automake
#: program automake
#: must (error|required|no proper)
printf 'bin_PROGRAMS = @w@\n' > Makefile.am; printf 'AC_INIT([@w@],[@n@])\nAC_OUTPUT\n' > configure.ac; automake
#: pkg-config
#: program pkg-config
#: must (No package|was not found|not found)
pkg-config --cflags lib@w@-@n@
#: doxygen no config
#: program doxygen
#: must (not found|configuration file|Error)
doxygen @w@-@n@.cfg
#: asciidoctor no file
#: program asciidoctor
#: must (is missing|input file)
asciidoctor @w@/@v@.adoc
#: lighttpd config
#: program lighttpd
#: must (parser failed|source|configfile)
printf 'server.port = @n@\n@w@ {\n' > @v@.conf; lighttpd -tt -f @v@.conf
#: socat refused
#: program socat
#: must Connection refused
echo @w@ | socat - TCP:127.0.0.1:@x@
#: socat no file
#: program socat
#: must No such file
socat - OPEN:@w@/@v@-@n@
#: sox no file
#: program sox
#: must can't open input file
sox @w@-@n@.wav @v@.wav
#: sox no handler
#: program sox
#: must no handler for
echo x > @w@.@v@; sox @w@.@v@ a.wav
#: pdftotext broken
#: program pdftotext
#: must (May not be a PDF|Couldn't|Syntax Error)
echo @w@ > @v@.pdf; pdftotext @v@.pdf
#: pdftotext no file
#: program pdftotext
#: must (Couldn't open|No such file)
pdftotext @w@-@n@.pdf
#: zstd no file
#: program zstd
#: must (can't stat|No such file)
zstd @w@-@n@.csv
#: zstd broken
#: program zstd
#: must (unsupported format|Read error|premature)
echo @w@ > @v@.zst; zstd -d @v@.zst
#: bzip2 broken
#: program bzip2
#: must (not a bzip2 file)
echo @w@ > @v@.bz2; bzip2 -d @v@.bz2
#: zip nothing
#: program zip
#: must (Nothing to do|not matched)
zip @w@.zip @v@-@n@.csv
#: 7z no archive
#: program 7z
#: must (No more files|cannot find|No such file|there is no such)
7z x @w@-@n@.7z
#: 7z broken
#: program 7z
#: must (Can ?not open|is not archive)
echo @w@ > @v@.7z; 7z x @v@.7z
#: cpio
#: program cpio
#: must (Cannot stat|premature end|No such file)
echo @w@-@n@ | cpio -o > a
#: unsquashfs
#: program unsquashfs
#: must (Can't find a valid|Could not open|SQUASHFS)
head -c 5000 /dev/zero > @w@.img; unsquashfs @w@.img
#: logrotate
#: program logrotate
#: must (error|cannot stat|unknown option)
printf '/srv/@w@.log {\n  @v@ly\n}\n' > @w@.conf; chmod 644 @w@.conf; logrotate -s s @w@.conf
#: mlr no field
#: program mlr
#: must (file .* not found|open|no such file)
mlr --icsv cat @w@-@n@.csv
#: mlr parse
#: program mlr
#: must (cannot parse|parse error|Parse error)
mlr -n put 'end { @w@ = = @n@ }'
#: datamash
#: program datamash
#: must (invalid (numeric )?value|column name|out of range)
printf '@w@\n@v@\n' | datamash sum 1
#: luarocks
#: program luarocks
#: must (No results matching|Could not|Error)
luarocks --local --only-server=file://$PWD install @w@-@n@
#: tcc syntax
#: program tcc
#: must (expected|undeclared|error)
printf 'int main() { return @w@_total; }\n' > @v@.c; tcc @v@.c
#: fpc identifier
#: program fpc
#: must Identifier not found
printf 'begin\n  writeln(@w@_total);\nend.\n' > @v@.pas; fpc @v@.pas
#: fpc syntax
#: program fpc
#: must Syntax error
printf 'begin\n  writeln(@n@\nend.\n' > @v@.pas; fpc @v@.pas
#: cobc
#: program cobc
#: must (is not defined|error)
printf '       identification division.\n       program-id. a@w@.\n       procedure division.\n           display ws-@v@.\n           stop run.\n' > a.cob; cobc -x a.cob
#: iverilog
#: program iverilog
#: must (Unable to bind|error|Unknown)
printf 'module @w@; initial $display(@v@_q); endmodule\n' > a.v; iverilog a.v
#: valac
#: program valac
#: must (does not exist|error)
printf 'void main() { print(@w@_total); }\n' > @v@.vala; valac -C @v@.vala
#: gnat
#: program gnat
#: must (is undefined|undefined|error)
printf 'procedure @W@ is begin @V@_Total; end @W@;\n' > @w@.adb; gnatmake @w@.adb
#: ldc undefined
#: program ldc2
#: must undefined identifier
printf 'void main() { auto x = @w@Total; }\n' > @v@.d; ldc2 -c @v@.d
#: ldc module
#: program ldc2
#: must (unable to read module|module .* is in file)
printf 'import @w@.@v@; void main() {}\n' > a.d; ldc2 -c a.d
#: nim undeclared
#: program nim
#: must undeclared identifier
printf 'echo @w@Total\n' > a.nim; nim c --hints:off a.nim
#: nim type mismatch
#: program nim
#: must type mismatch
printf 'let @w@: int = "@v@"\n' > a.nim; nim c --hints:off a.nim
#: nim cannot open
#: program nim
#: must cannot open file
printf 'import @w@_@v@\n' > a.nim; nim c --hints:off a.nim
#: ldapsearch
#: program ldapsearch
#: must Can't contact LDAP server
ldapsearch -x -H ldap://127.0.0.1:@x@ -b dc=@w@
#: lftp
#: program lftp
#: must (refused|Fatal error|max-retries)
lftp -e 'set net:max-retries 1; set net:reconnect-interval-base 0; ls @w@-@n@; exit' ftp://127.0.0.1:@x@
#: aria2 refused
#: program aria2c
#: must (Failed to establish|refused|Network problem)
aria2c -m1 --summary-interval=0 http://127.0.0.1:@x@/@w@-@n@.csv
#: mosquitto
#: program mosquitto_pub
#: must (refused|Error)
mosquitto_pub -h 127.0.0.1 -p @x@ -t @w@/@n@ -m @v@
#: rclone no remote
#: program rclone
#: must didn't find section
rclone ls @w@:@v@/@n@
#: rclone no folder
#: program rclone
#: must directory not found
rclone ls ./@w@-@n@
#: restic no repository
#: program restic
#: must (repository does not exist|unable to open|Is there a repository)
RESTIC_PASSWORD=@v@ restic -r ./@w@-@n@ snapshots
#: restic wrong password
#: program restic
#: must wrong password
RESTIC_PASSWORD=a restic -r ./@w@ init > /dev/null; RESTIC_PASSWORD=@v@ restic -r ./@w@ snapshots
#: borg no repository
#: program borg
#: must (does not exist)
borg list ./@w@-@n@
#: borg no archive
#: program borg
#: must does not exist
export BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes; borg init -e none ./r; borg list ./r::@w@-@n@
#: certtool
#: program certtool
#: must (No such file|error|Cannot|cannot)
certtool -i --infile @w@-@n@.pem
#: skopeo
#: program skopeo
#: must (refused|no such file|error)
skopeo inspect --tls-verify=false docker://127.0.0.1:@x@/@w@/@v@:@n@
#: qemu-img no file
#: program qemu-img
#: must (Could not open|No such file)
qemu-img info @w@-@n@.qcow2
#: qemu-img format
#: program qemu-img
#: must (Unknown (driver|file format)|Invalid)
qemu-img create -f @w@ @v@.img @n@M
#: e2fsck
#: program e2fsck
#: must (Bad magic number|superblock)
head -c 9000 /dev/zero > @w@.img; e2fsck -n @w@.img
#: exiftool
#: program exiftool
#: must File not found
exiftool @w@-@n@.jpg
#: qpdf no file
#: program qpdf
#: must (No such file|open)
qpdf --check @w@-@n@.pdf
#: qpdf broken
#: program qpdf
#: must (can't find|unable to find|not a PDF|damaged)
echo @w@ > @v@.pdf; qpdf --check @v@.pdf
#: mutool
#: program mutool
#: must (cannot open|No such file|no objects)
mutool info @w@-@n@.pdf
#: rcs
#: program co
#: must (No such file)
co -p @w@-@n@,v
#: pypy exception
#: program pypy3
#: must KeyError
pypy3 -c '{}["@w@-@n@"]'
#: pypy no module
#: program pypy3
#: must No module named
pypy3 -c 'import @w@_@v@'
#: tidy
#: program tidy
#: must (Error|not recognized|is not)
printf '<@w@>@n@</@w@>' > @v@.html; tidy -q -e @v@.html
#: sassc
#: program sassc
#: must (Undefined variable|Error)
echo 'a { b: $@w@-color; }' > @v@.scss; sassc @v@.scss
#: protoc syntax
#: program protoc
#: must (Expected|expected)
printf 'syntax = "proto3";\nmessage @W@ { int32 @v@ = ; }\n' > @w@.proto; protoc --cpp_out=. @w@.proto
#: protoc type
#: program protoc
#: must is not defined
printf 'syntax = "proto3";\nmessage @W@ { @V@ a = @m@; }\n' > @w@.proto; protoc --cpp_out=. @w@.proto
#: protoc no file
#: program protoc
#: must (Could not make proto path|No such file|not found)
protoc --cpp_out=. @w@/@v@.proto
#: capnp
#: program capnp
#: must (Not defined|not defined|error)
printf '@0xdbb9ad1f14bf0b3@m@;\nstruct @W@ { a @@0 :@V@; }\n' | sed 's/@@/@/' > @w@.capnp; capnp compile -o- @w@.capnp
#: gdb no program
#: program gdb
#: must (No such file|No executable|No symbol)
gdb -batch -ex 'set confirm off' -ex 'run' ./@w@-@n@; exit 1
#: apt unknown package
#: program apt-get
#: must Unable to locate package
apt-get install -s lib@w@-@v@-@n@
#: dpkg no file
#: program dpkg
#: must cannot access archive
dpkg -i @w@-@n@.deb
#: dpkg broken
#: program dpkg-deb
#: must is not a Debian format archive
echo @w@ > @v@.deb; dpkg-deb -I @v@.deb
#: ssh-keygen private
#: program ssh-keygen
#: must (syntax error|parse error|No such|not found)
ssh-keygen -y -f @w@-@n@
#: ssh-keygen
#: program ssh-keygen
#: must (No such file|Saving key)
ssh-keygen -l -f @w@-@n@.pub
#: keytool
#: program keytool
#: must (does not exist)
keytool -list -keystore @w@-@n@.jks -storepass @v@@v@
#: jar
#: program jar
#: must (no such file)
jar cf @w@.jar @v@-@n@.class
#: cc1 unknown option
#: program ld
#: must cannot find
ld -l@w@@n@
#: objdump
#: program objdump
#: must (No such file|not recognized)
echo @w@ > @v@.o; objdump -d @v@.o
#: locale iconv
#: program iconv
#: must (conversion from|not supported|start conversion)
echo a | iconv -f @w@-@n@ -t utf-8
#: flock
#: program flock
#: must (No such file|cannot open|exit)
flock @w@/@v@-@n@ true
#: dd full
#: program dd-full
#: must No space left
dd if=/dev/zero of=/dev/full bs=@n@ count=1
#: date
#: program date
#: must invalid date
date -d '@w@ @n@'
#: python signal
#: program python-killed
#: must .
python3 -c 'import os, signal; print("@w@ @n@ begins", flush=True); os.kill(os.getpid(), signal.SIGSEGV)'
#: python term
#: program python-ended
#: must .
python3 -c 'import os, signal; print("@w@ @n@ begins", flush=True); os.kill(os.getpid(), signal.SIGTERM)'
