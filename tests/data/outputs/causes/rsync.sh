#: no source
#: must link_stat ".*@w@" failed: No such file
#: not some files/attrs
rsync -a @w@ @v@/
#: no target
#: must (mkdir|change_dir\S*) ".*@v@/@w@\S*" failed
#: not error in file IO
echo x > a; rsync a @v@/@w@/c/d
#: option
#: must --@w@: unknown option
#: not syntax or usage
rsync --@w@ a b
#: ssh
#: program ssh
#: must Could not resolve hostname @w@
ssh -o BatchMode=yes @w@.invalid true
#: unzip
#: program unzip
#: must (cannot find|End-of-central-directory signature not found|not a zipfile)
echo x@w@ > @v@.zip; unzip @v@.zip
#: gzip
#: program gzip
#: must (not in gzip format|unexpected end of file)
echo @w@ > @v@.gz; gunzip @v@.gz
#: openssl
#: program openssl
#: must (No such file|Could not open|unable to load|Can't open)
openssl x509 -in @w@.pem -noout -text
#: jq
#: program jq
#: must (parse error|Cannot index)
echo '{"@w@": [1, 2}' | jq .@w@
#: jq index
#: program jq
#: must Cannot (iterate|index)
echo '{"@w@": @n@}' | jq '.@w@[].@v@'
#: patch
#: program patch
#: must (hunks? FAILED|Hunk #1 FAILED|can't find file)
printf 'a\nb\n' > @w@; printf -- '--- @w@\n+++ @w@\n@@ -1,2 +1,2 @@\n-x\n+y\n b\n' > p; patch -p0 < p
#: bc
#: program bc
#: must (syntax error|parse error)
echo '1 + * @n@' | bc; exit 1
#: tclsh
#: program tclsh
#: must (can't read "@w@"|no such variable)
printf 'proc go {} {\n puts $@w@\n}\ngo\n' > a.tcl; tclsh a.tcl
#: gpg
#: program gpg
#: must (can't open .@w@|no valid OpenPGP data)
gpg --homedir . --verify @w@.sig
#: xmllint
#: program xmllint
#: must (mismatch|parser error|Premature end)
printf '<a>\n <@w@>\n</a>\n' > a.xml; xmllint a.xml
#: shellcheck
#: program shellcheck
#: must SC\d+|Double quote
printf '#!/bin/sh\nrm $@w@\n' > a.sh; shellcheck a.sh
