#: die
#: must @w@ table missing at
printf 'use strict; use warnings;\nsub load { die "@w@ table missing" }\nload();\n' > a.pl; perl a.pl
#: module
#: must Can't locate @W@/@V@\.pm
printf 'use strict;\nuse @W@::@V@;\n' > a.pl; perl a.pl
#: strict
#: must Global symbol "\$@w@" requires explicit package name
printf 'use strict;\n$@w@ = @n@;\nprint $@w@;\n' > a.pl; perl a.pl
#: syntax
#: must syntax error at
printf 'use strict;\nmy $x = (1;\nprint "@w@";\n' > a.pl; perl a.pl
#: warning then die
#: must no @v@ for @n@
printf 'use warnings;\nmy $u; my $x = "a" . $u;\nopen(my $f, "<", "@w@.csv") or die "no @v@ for @n@: $!";\n' > a.pl; perl a.pl
#: confess
#: must @w@ broke at
printf 'use Carp;\nsub a1 { confess "@w@ broke" }\nsub b1 { a1(@_) }\nb1(@n@, "@v@");\n' > a.pl; perl a.pl
#: undefined sub
#: must Undefined subroutine &main::@w@ called
printf 'print "start\\n";\n@w@(@n@);\n' > a.pl; perl a.pl
