#: cp
#: must cannot stat '@w@\.csv'
cp @w@.csv @v@.csv
#: mkdir
#: must cannot create directory .@w@/@v@.
mkdir @w@/@v@
#: rm of a folder
#: must cannot remove '@w@': Is a directory
mkdir @w@; rm @w@
#: grep bad pattern
#: must Unmatched|Invalid
echo x > f; grep '\(@w@' f
#: sed
#: must (unterminated|unknown (command|option)|char \d+)
echo x | sed 's/@w@/x'
#: awk
#: must syntax error
echo x | awk '{ print @w@ + }'
#: sort
#: must cannot read: @w@
sort -k@m@ @w@.tsv
#: no permission for a number
#: must invalid (number of lines|argument|time interval).*@w@
head -n @w@ /dev/null
#: timeout of a program that says nothing
#: must timed out|time limit|exit code 124|timeout
timeout 0.2 sleep @m@
#: timeout after progress
#: must (loading @w@|timed out|exit code 124|timeout)
timeout 0.3 bash -c 'echo loading @w@ @n@; sleep 5'
#: find
#: must .@w@.: No such file
find @w@ -name '*.@v@'
#: test of a diff
#: must @w@: No such file
diff @w@ @v@ || { r=$?; exit $r; }
#: dd
#: must failed to open '@w@\.img'
dd if=@w@.img of=/dev/null
