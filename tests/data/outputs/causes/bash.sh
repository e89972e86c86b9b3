#: command not found
#: must @w@-@v@: command not found
printf 'set -e\necho start\n@w@-@v@ --all\necho end\n' > a.sh; bash a.sh
#: unbound
#: must @W@: unbound variable
printf 'set -u\necho start\necho "$@W@"\n' > a.sh; bash a.sh
#: syntax
#: must (syntax error|unexpected end of file)
printf 'if [ 1 = 1 ]; then\n echo @w@\n' > a.sh; bash a.sh
#: no such file
#: must @w@\.sh: No such file
bash @w@.sh
#: is not executable
#: must (Permission denied|denied)
echo 'echo x' > @w@.sh; bash -c './@w@.sh'
#: killed
#: must (Killed|signal 9|SIGKILL)
printf 'echo "importing @w@"\n(bash -c "kill -9 \$\$")\nr=$?\nexit $r\n' > a.sh; bash a.sh
#: own words and a trap
#: must error: no @w@ for @n@
printf 'trap "echo removing temporary files" EXIT\necho "error: no @w@ for @n@" >&2\nexit 3\n' > a.sh; bash a.sh
#: xtrace
#: must no @w@ in @v@
printf 'set -ex\nX=@n@\necho "FATAL: no @w@ in @v@" >&2\nfalse\n' > a.sh; bash a.sh
#: words on stdout with noise in stderr
#: must no @w@ for order @n@
printf 'echo "DeprecationWarning: option -x is deprecated, use -y instead" >&2\necho "ERROR no @w@ for order @n@"\nexit 4\n' > a.sh; bash a.sh
#: silent segfault
#: must (Segmentation fault|signal 11|SIGSEGV)
printf 'bash -c "kill -SEGV \$\$"\nexit 139\n' > a.sh; bash a.sh
#: terminated
#: must (SIGTERM|signal 15|Terminated)
printf 'echo "importing @w@ @n@"\nexit 143\n' > a.sh; bash a.sh
