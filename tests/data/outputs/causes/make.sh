#: no rule
#: must No rule to make target '@w@\.o'
printf 'all: @w@.o\n\techo done\n' > Makefile; make
#: recipe says why
#: must no @w@ for @n@
#: not \*\*\*
printf 'all:\n\t@echo building @v@\n\t@echo "no @w@ for @n@" >&2; exit 3\n' > Makefile; make
#: compiler
#: must error: .@w@. undeclared
#: not \*\*\*
printf 'a.o: a.c\n\tgcc -c a.c\n' > Makefile; printf 'int main(void) { return @w@; }\n' > a.c; make
#: nested
#: must @w@-@v@: (command )?not found|@w@-@v@: No such file
mkdir sub; printf 'all:\n\t$(MAKE) -C sub\n' > Makefile; printf 'all:\n\t@w@-@v@ --go | cat; exit 127\n' > sub/Makefile; make
#: missing separator
#: must missing separator
printf 'all:\n  echo @w@\n' > Makefile; make
#: no makefile
#: must (No targets specified and no makefile found|No rule to make target)
make @w@
#: only the code
#: must \[Makefile:\d+: @w@\] Error \d+
printf '@w@:\n\t@echo working on @v@; exit @m@\n' > Makefile; sed -i 's/exit 365/exit 65/' Makefile; make @w@
