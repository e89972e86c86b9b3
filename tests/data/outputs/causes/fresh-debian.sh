#: apache no such directive
#: program apache2
#: must (Invalid command|No MPM loaded)
printf 'ServerName a\n@W@Mode @n@\n' > @v@.conf; apache2 -t -f $PWD/@v@.conf
#: apache no config
#: program apache2
#: must Could not open configuration file
apache2 -t -f $PWD/@w@-@n@.conf
#: apache no module
#: program apache2
#: must Cannot load
printf 'ServerName a\nLoadModule @w@_module /srv/mod_@v@.so\n' > a.conf; apache2 -t -f $PWD/a.conf
#: ffmpeg no file
#: program ffmpeg
#: must No such file
ffmpeg -i @w@-@n@.mp4 a.wav
#: ffmpeg broken
#: program ffmpeg
#: must (Invalid data|moov atom)
echo @w@ > @v@.mp4; ffmpeg -i @v@.mp4 a.wav
#: ffmpeg encoder
#: program ffmpeg
#: must Unknown encoder
ffmpeg -f lavfi -i sine=d=1 -c:a @w@@v@ a.wav
#: dnsmasq option
#: program dnsmasq
#: must (bad option|unsupported|unknown)
printf 'port=@n@\n@w@-@v@=@m@\n' > @w@.conf; dnsmasq --test -C @w@.conf
#: dnsmasq no file
#: program dnsmasq
#: must (cannot read|failed to|No such file)
dnsmasq --test -C @w@-@n@.conf
#: dnsmasq value
#: program dnsmasq
#: must (bad|illegal|junk)
printf 'dhcp-range=@w@,@v@\n' > a.conf; dnsmasq --test -C a.conf
#: named option
#: program named-checkconf
#: must unknown option
printf 'options {\n @w@-@v@ yes;\n};\n' > @w@.conf; named-checkconf @w@.conf
#: named no file
#: program named-checkconf
#: must (not found|No such file)
named-checkconf @w@-@n@.conf
#: named zone
#: program named-checkconf
#: must (SOA|NS records|not at top|no TTL)
printf 'x IN A 10.0.0.@m@\n' > @w@.zone; named-checkzone @v@.example @w@.zone
#: sshd option
#: program sshd
#: must Bad configuration option
printf '@W@Mode yes\n' > @v@.conf; /usr/sbin/sshd -t -f $PWD/@v@.conf
#: sshd no file
#: program sshd
#: must No such file
/usr/sbin/sshd -t -f $PWD/@w@-@n@.conf
#: sshd no key
#: program sshd
#: must (no hostkeys|Unable to load host key)
printf 'HostKey /srv/@w@-@n@\n' > c; /usr/sbin/sshd -t -f $PWD/c
#: pg_dump no table
#: program pg_dump
#: must no matching tables
pg_dump -t @w@_@v@ postgres
#: pg_dump refused
#: program pg_dump
#: must Connection refused
pg_dump -h 127.0.0.1 -p @x@ @w@
#: pg_restore no archive
#: program pg_dump
#: must (does not appear to be a valid archive|too short)
printf '@w@ @v@ @n@ and some more words\n' > @w@.dump; pg_restore -d @v@ @w@.dump
#: cvs no repository
#: program cvs
#: must No such file
cvs -d $PWD/@w@-@n@ checkout @v@
#: cvs no module
#: program cvs
#: must cannot find module
cvs -d $PWD/r init; cvs -d $PWD/r checkout @v@-@n@
#: cvs no root
#: program cvs
#: must (No CVSROOT|set the CVSROOT)
cvs status @w@-@n@.txt
#: fossil no file
#: program fossil
#: must (no such file|not a valid repository|unable to open|repository does not exist)
fossil open @w@-@n@.fossil
#: fossil no checkout
#: program fossil
#: must not within an open
fossil add @w@-@n@.txt
#: fossil command
#: program fossil
#: must (unknown command|not a recognized)
fossil @w@@v@
#: quilt hunk
#: program quilt
#: must (does not apply|FAILED|can't find file)
mkdir patches; echo @w@ > a.txt; printf -- '--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-@v@\n+b\n' > patches/@w@-@n@.patch; echo @w@-@n@.patch > patches/series; quilt push
#: quilt no series
#: program quilt
#: must (No series file|No patches)
quilt push @w@-@n@
#: quilt nothing applied
#: program quilt
#: must (No patch applied|No patches applied|No series|not in series)
mkdir patches; echo @w@.patch > patches/series; quilt pop @v@.patch
#: ant no file
#: program ant
#: must does not exist
ant @w@-@n@
#: ant no target
#: program ant
#: must (Target .* does not exist)
printf '<project name="@w@"><target name="a"/></project>\n' > build.xml; ant @v@-@n@
#: ant no task
#: program ant
#: must (failed to create task|name is undefined)
printf '<project default="a"><target name="a"><@w@ @v@="@n@"/></target></project>\n' > build.xml; ant
#: swig no file
#: program swig
#: must Unable to find
swig -python @w@-@n@.i
#: swig syntax
#: program swig
#: must Syntax error
printf '%%module @w@\nint @v@(;\n' > @w@.i; swig -python @w@.i
#: swig directive
#: program swig
#: must Unknown directive
printf '%%module @w@\n%%@v@ x\n' > @w@.i; swig -python @w@.i
#: thrift no file
#: program thrift
#: must Could not open
thrift --gen py @w@-@n@.thrift
#: thrift type
#: program thrift
#: must not (been )?defined
printf 'struct @W@ {\n 1: @V@ a\n}\n' > @w@.thrift; thrift --gen py @w@.thrift
#: thrift syntax
#: program thrift
#: must (syntax error|last token)
printf 'struct @W@ {\n 1 i32 @v@\n}\n' > @w@.thrift; thrift --gen py @w@.thrift
#: yasm symbol
#: program yasm
#: must undefined symbol
printf 'mov eax, [@w@_total]\n' > @v@.asm; yasm -f elf32 @v@.asm
#: yasm no file
#: program yasm
#: must could not open
yasm -f elf32 @w@-@n@.asm
#: yasm format
#: program yasm
#: must (unrecognized|unrecognised) object format
echo nop > a.asm; yasm -f @w@@n@ a.asm
#: clisp variable
#: program clisp
#: must has no value
printf '(print (+ @w@-@v@ @n@))\n' > a.lisp; clisp a.lisp
#: clisp function
#: program clisp
#: must undefined function
printf '(@w@-@v@ @n@)\n' > a.lisp; clisp a.lisp
#: clisp no file
#: program clisp
#: must (does not exist|No such file|not found)
clisp @w@-@n@.lisp
#: gforth word
#: program gforth
#: must Undefined word
gforth -e '@n@ @w@-@v@ bye'
#: gforth stack
#: program gforth
#: must (Stack underflow|underflow)
printf ': @w@ + ; @w@ bye\n' > @v@.fs; gforth @v@.fs
#: gforth no file
#: program gforth
#: must (No such file|file i/o exception)
gforth @w@-@n@.fs -e bye
#: z3 constant
#: program z3
#: must unknown constant
printf '(declare-const a Int)\n(assert (> @w@_@v@ @n@))\n' > a.smt2; z3 a.smt2
#: z3 no file
#: program z3
#: must (failed to open|cannot open|No such file)
z3 @w@-@n@.smt2
#: z3 sort
#: program z3
#: must (Sorts|sort|unknown)
printf '(declare-const @w@ String)\n(assert (> @w@ @n@))\n' > a.smt2; z3 a.smt2
#: systemd no program
#: program systemd-analyze
#: must (is not executable|No such file)
printf '[Service]\nExecStart=/usr/bin/@w@-@n@\n' > @v@.service; systemd-analyze verify --man=no ./@v@.service
#: systemd no exec
#: program systemd-analyze
#: must (lacks|has no ExecStart|bad unit file|not executable)
printf '[Service]\nType=simple\nUser=@w@\n' > @v@.service; systemd-analyze verify --man=no ./@v@.service
#: systemd calendar
#: program systemd-analyze
#: must Failed to parse
systemd-analyze calendar '@w@ @v@ @n@'
#: composer no json
#: program composer
#: must could not find a composer.json
composer install --no-interaction
#: composer broken json
#: program composer
#: must (Parse error|does not contain valid JSON)
printf '{"name": "a/@w@", "require": {\n "@v@": \n}}\n' > composer.json; composer install --no-interaction
#: composer no package
#: program composer
#: must (could not be found|could not be resolved)
printf '{"repositories": [{"packagist.org": false}], "require": {"acme/@w@": "^@n@"}}\n' > composer.json; composer update --no-interaction
#: rpm no file
#: program rpm
#: must No such file
rpm -K @w@-@n@.rpm
#: rpm not installed
#: program rpm
#: must is not installed
rpm -q @w@-@v@
#: rpm spec
#: program rpm
#: must (Unknown tag|error)
printf 'Name: @w@\n@V@er: @n@\n' > @w@.spec; rpmspec -P @w@.spec
#: snmpget away
#: program snmpget
#: must (No Response|refused)
snmpget -v2c -c @w@ -t 1 -r 0 127.0.0.1:@x@ 1.3.6.1.2.1.1.3.@m@
#: snmpget object
#: program snmpget
#: must (Unknown Object Identifier|Cannot find module)
snmpget -v2c -c @w@ 127.0.0.1 @W@-MIB::@v@.@n@
#: snmpget host
#: program snmpget
#: must (Unknown host|Invalid address)
snmpget -v2c -c a @w@-@n@.invalid 1.3.6.1.2.1.1.3.0
#: dig refused
#: program dig
#: must (refused|no servers could be reached)
dig +time=1 +tries=1 -p @x@ @127.0.0.1 @w@-@n@.example
#: dig option
#: program dig
#: must Invalid option
dig +@w@@v@ @127.0.0.1 a.example
#: dig no host
#: program dig
#: must couldn't get address
dig +time=1 +tries=1 @@w@-@n@.invalid a.example
#: nc refused
#: program nc
#: must Connection refused
echo @w@ | nc -v -w 1 127.0.0.1 @x@
#: nc no host
#: program nc
#: must (Name or service not known|Temporary failure|getaddrinfo)
echo a | nc -w 1 @w@-@n@.invalid 80
#: nc socket
#: program nc
#: must No such file
echo a | nc -v -U /srv/@w@-@n@.sock
#: mariadb-dump refused
#: program mariadb-dump
#: must Can't connect
mariadb-dump -h 127.0.0.1 -P @x@ -u root @w@
#: mariadb-dump no database
#: program mariadb-dump
#: must Unknown database
mariadb-dump -h 127.0.0.1 -u root @w@_@n@
#: mariadb-dump no table
#: program mariadb-dump
#: must Couldn't find table
mariadb-dump -h 127.0.0.1 -u root mysql @w@_@v@
#: redis-server directive
#: program redis-server
#: must Bad directive
printf '@w@-@v@ @n@\n' > @w@.conf; redis-server @w@.conf
#: redis-server no file
#: program redis-server
#: must (can't open config file|No such file)
redis-server ./@w@-@n@.conf
#: redis-server value
#: program redis-server
#: must (argument must be|Invalid|invalid)
printf 'maxmemory @w@\n' > a.conf; redis-server a.conf
#: raku variable
#: program raku
#: must is not declared
printf 'say $@w@-total;\n' > @v@.raku; raku @v@.raku
#: raku module
#: program raku
#: must Could not find
printf 'use @W@::@V@;\n' > a.raku; raku a.raku
#: raku method
#: program raku
#: must No such method
printf 'say @n@.@w@-@v@;\n' > a.raku; raku a.raku
#: gs no file
#: program gs
#: must (undefinedfilename|No such file|Can't find)
gs -dNODISPLAY -dBATCH -dNOPAUSE @w@-@n@.ps
#: gs operator
#: program gs
#: must undefined
printf '%%!PS\n@n@ @w@ @v@ showpage\n' > a.ps; gs -dNODISPLAY -dBATCH -dNOPAUSE a.ps
#: gs stack
#: program gs
#: must stackunderflow
printf '%%!PS\n/@w@ { pop pop add } def\n@n@ @w@\n' > a.ps; gs -dNODISPLAY -dBATCH -dNOPAUSE a.ps
#: rrdtool no file
#: program rrdtool
#: must No such file
rrdtool info @w@-@n@.rrd
#: rrdtool function
#: program rrdtool
#: must unknown function
rrdtool @w@@v@ a.rrd
#: rrdtool source
#: program rrdtool
#: must ERROR
rrdtool create a.rrd DS:@w@:@V@:@n@:0:@n@ RRA:AVERAGE:0.5:1:@n@
#: gdal no file
#: program gdalinfo
#: must No such file
gdalinfo @w@-@n@.tif
#: gdal driver
#: program gdalinfo
#: must (not recognized|not supported|Unable to find driver|Output driver)
printf 'a,b\n1,2\n' > a.csv; ogr2ogr -f @W@@V@ out a.csv
#: gdal no table
#: program gdalinfo
#: must no such table
printf 'a,b\n1,2\n' > a.csv; ogr2ogr -f GPKG a.gpkg a.csv && ogrinfo a.gpkg -sql "select * from @w@_@v@" 2>&1 | grep -v ^INFO; exit 1
#: samtools no file
#: program samtools
#: must (Failed to open file|No such file)
samtools view @w@-@n@.bam
#: samtools broken
#: program samtools
#: must (failed to read the header|does not appear|truncated|fail|cannot be usefully indexed)
printf '@w@ @v@\n' > @w@.bam; samtools index @w@.bam
#: samtools no sequence
#: program samtools
#: must (Failed to fetch|not found|no such)
printf '>chr1\nACGT\n' > a.fa; samtools faidx a.fa && samtools faidx a.fa @w@:@m@-@n@
#: octave variable
#: program octave
#: must undefined
octave-cli --no-gui -q --eval 'x = @w@_@v@ + @n@'
#: octave size
#: program octave
#: must nonconformant
octave-cli --no-gui -q --eval '@w@ = ones(2,@n@); @v@ = ones(@m@+3,@n@+1); @w@ * @v@'
#: octave no file
#: program octave
#: must (could not find file|No such file|unable to find)
octave-cli --no-gui -q --eval 'load("@w@-@n@.mat")'
#: mix no task
#: program mix
#: must could not be found
mix @w@.@v@
#: mix compile
#: program mix
#: must undefined (variable|function)
mkdir lib; printf 'defmodule A.MixProject do\n use Mix.Project\n def project, do: [app: :@w@, version: "0.1.0"]\nend\n' > mix.exs; printf 'defmodule @W@ do\n def go, do: @v@_total(@n@)\nend\n' > lib/a.ex; mix compile
#: mix dependency
#: program mix
#: must (the dependency is not available|unchecked dependencies|dependency)
printf 'defmodule A.MixProject do\n use Mix.Project\n def project, do: [app: :a, version: "0.1.0", deps: [{:@w@, path: "../@v@-@n@"}]]\nend\n' > mix.exs; mix compile
#: hugo no config
#: program hugo
#: must (Unable to locate config|no such file)
hugo --source $PWD --destination @w@-@n@
#: hugo toml
#: program hugo
#: must (unmarshal failed|toml)
printf 'title = @w@ @n@\n' > config.toml; hugo
#: hugo template
#: program hugo
#: must (function .* not defined|parse failed)
mkdir -p layouts content; echo 'title = "a"' > config.toml; printf '{{ @w@total . }}\n' > layouts/index.html; hugo
