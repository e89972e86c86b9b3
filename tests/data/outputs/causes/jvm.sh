#: maven no pom
#: program maven
#: must (no POM in this directory|The goal you specified requires a project)
#: not \[Help 1\]$
mvn -o -B compile
#: maven phase
#: program maven
#: must (Unknown lifecycle phase "@w@")
printf '<project><modelVersion>4.0.0</modelVersion><groupId>org.@w@</groupId><artifactId>app</artifactId><version>1</version></project>\n' > pom.xml; mvn -o -B @w@
#: maven bad pom
#: program maven
#: must (Non-parseable POM|Malformed POM|Non-readable POM|unrecognised tag|TEXT must be)
printf '<project><modelVersion>4.0.0</modelVersion><@w@</project>\n' > pom.xml; mvn -o -B compile
#: maven plugin offline
#: program maven
#: must (could not be resolved|Cannot access central|Failed to execute goal)
printf '<project><modelVersion>4.0.0</modelVersion><groupId>org.@w@</groupId><artifactId>app</artifactId><version>@n@</version></project>\n' > pom.xml; mvn -o -B -Dmaven.repo.local=$PWD/m2 compile
#: gradle
#: program gradle
#: must (@w@ is not ready|A problem occurred|Task '@v@' not found|Could not)
#: not ^BUILD FAILED|Run with|^\* Try|Get more help
printf "throw new GradleException('@w@ is not ready')\n" > build.gradle; touch settings.gradle; gradle --offline --no-daemon build
#: gradle task
#: program gradle
#: must Task '@w@' not found
touch build.gradle settings.gradle; gradle --offline --no-daemon @w@
#: mono
#: program mono
#: must InvalidOperationException: @w@ table missing
printf 'using System;\nclass A { static void Load() { throw new InvalidOperationException("@w@ table missing"); }\nstatic void Main() { Load(); } }\n' > a.cs; mcs a.cs && mono a.exe
#: mono inner
#: program mono
#: must (could not post @w@|no @v@)
printf 'using System;\nclass A { static void Main() { try { throw new ArgumentException("no @v@"); } catch (Exception e) { throw new Exception("could not post @w@", e); } } }\n' > a.cs; mcs a.cs && mono a.exe
#: mcs
#: program mcs
#: must error CS0103: The name .@w@. does not exist
#: not Compilation failed
printf 'class A { static int Main() { int u = 1; return @w@; } }\n' > a.cs; mcs a.cs
#: ghc
#: program ghc
#: must (Variable not in scope: @w@|error)
printf 'main = print (@w@ + 1)\n' > a.hs; ghc a.hs
#: clang
#: program clang
#: must use of undeclared identifier '@w@'
#: not generated
printf 'int main(void) { return @w@; }\n' > a.c; clang -c a.c
#: gfortran
#: program gfortran
#: must Error: .*
printf 'program a\nimplicit none\n@w@ = 1\nend program\n' > a.f90; gfortran a.f90
#: erlang
#: program erlang
#: must (badmatch|undef|@w@)
erl -noshell -eval 'ok = @w@, halt().' -s init stop
#: ninja
#: program ninja
#: must (no @w@|FAILED|missing and no known rule)
#: not subcommand failed
printf 'rule r\n  command = echo no @w@ >&2; exit 3\nbuild out: r\n' > build.ninja; ninja
#: ocaml
#: program ocaml
#: must (Unbound value @w@)
echo 'let x = @w@ + 1' > a.ml; ocaml a.ml
#: r
#: program Rscript
#: must (object '@w@' not found)
#: not Execution halted
printf 'f <- function() stop_@w@\nprint(@w@)\n' > a.R; Rscript a.R
#: r stop
#: program Rscript
#: must no @w@ for @n@
#: not Execution halted
printf 'f <- function() stop("no @w@ for @n@")\nf()\n' > a.R; Rscript a.R
#: prolog
#: program swipl
#: must (Unknown procedure|@w@)
printf ':- initialization(main).\nmain :- @w@(1), halt.\n' > a.pl; swipl -g "halt(2)" a.pl
#: elixir
#: program elixir
#: must \(RuntimeError\) @w@ table missing
echo 'raise "@w@ table missing"' > a.exs; elixir a.exs
