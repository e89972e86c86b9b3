#: no archive
#: must @w@-@n@\.tar\.gz: Cannot open
#: not not recoverable|Exiting with failure
tar xzf @w@-@n@.tar.gz
#: no gzip
#: must (not in gzip format|does not look like a tar archive)
#: not not recoverable|Exiting with failure
echo "not an archive @w@" > @v@.tgz; tar xzf @v@.tgz
#: file is missing
#: must @w@: Cannot stat: No such file
#: not Exiting with failure
tar cf @v@.tar @w@
#: truncated
#: must (unexpected end of file|Unexpected EOF)
#: not not recoverable
head -c 300000 /dev/urandom > @w@; tar czf @v@.tgz @w@; head -c 9000 @v@.tgz > b.tgz; tar xzf b.tgz
#: member is missing
#: must @w@: Not found in archive
#: not Exiting with failure
echo x > @v@; tar cf a.tar @v@; tar xvf a.tar @w@
#: bad option
#: must unrecognized option '--@w@'
tar --@w@ -cf a.tar .
