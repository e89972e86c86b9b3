#: undefined
#: program gfortran
#: must (Symbol '@w@' at \(1\) has no IMPLICIT type|has no IMPLICIT type)
printf 'program a\nimplicit none\n@w@ = 1\nend program\n' > a.f90
gfortran a.f90
#: bounds at run time
#: program gfortran
#: must (Index '@n@' of dimension 1 of array|above upper bound)
printf 'program a\ninteger :: x(2), i\ni = @n@\nprint *, x(i)\nend program\n' > a.f90
gfortran -fcheck=all a.f90 && ./a.out
#: file missing at run time
#: program gfortran
#: must (Cannot open file '@w@.dat'|No such file)
printf 'program a\nopen(10, file="@w@.dat", status="old")\nend program\n' > a.f90
gfortran a.f90 && ./a.out
#: undefined symbol
#: program nasm
#: must symbol `@w@' (not defined|undefined)
printf 'section .text\nmov eax, [@w@]\n' > a.asm
nasm -f elf64 a.asm
#: bad instruction
#: program nasm
#: must (parser: instruction expected|instruction expected)
printf 'section .text\n  @w@ eax, @n@\n' > a.asm
nasm -f elf64 a.asm
#: undeclared
#: program clang
#: must use of undeclared identifier '@w@_total'
printf 'int f(void) {\n  return @w@_total;\n}\n' > a.c
clang -c a.c
#: type
#: program clang
#: must (incompatible|initializing)
printf 'struct s {int a;};\nint f(void) {\n  struct s x; int y; y = x; return y;\n}\n' > a.c
clang -c a.c
#: header
#: program clang
#: must '@w@\.h' file not found
printf '#include "@w@.h"\n' > a.c
clang -c a.c
#: linker
#: program clang
#: must undefined reference to `@w@_total'
printf 'int @w@_total(void); int main(void) { return @w@_total(); }\n' > a.c
clang a.c
#: unbound variable
#: program guile
#: must Unbound variable: @w@
printf '(define (run x) (+ x @w@))\n(run 1)\n' > a.scm
guile --no-auto-compile a.scm
#: wrong type
#: program guile
#: must (Wrong type argument|In procedure \+)
printf '(define (run x) (+ x "@w@"))\n(display (run 1))\n' > a.scm
guile --no-auto-compile a.scm
#: explicit error
#: program guile
#: must @w@ table is missing
printf '(error "@w@ table is missing" @n@)\n' > a.scm
guile --no-auto-compile a.scm
#: undefined variable
#: program sbcl
#: must (The variable @w@ is unbound|unbound)
printf '(defun run (x) (+ x 1))\n(print (run @w@))\n' > a.lisp
sbcl --script a.lisp
#: explicit error
#: program sbcl
#: must @w@ table is missing
printf '(error "@w@ table is missing: ~~a" @n@)\n' > a.lisp
sbcl --script a.lisp
#: unknown procedure
#: program swipl
#: must (Unknown procedure:? @w@/1|procedure)
printf 'run :- @w@(1).\n:- initialization((run, halt)).\n' > a.pl
swipl -g "run,halt" -t 'halt(1)' a.pl < /dev/null
#: syntax
#: program swipl
#: must (Syntax error|syntax error)
printf 'run :- @w@(1.\n' > a.pl
swipl -g "run" -t 'halt(1)' a.pl < /dev/null
#: type
#: program swipl
#: must (Arithmetic|Type error|evaluable)
printf 'run :- X is foo_@w@ + 1, print(X).\n' > a.pl
swipl -g "run,halt" -t 'halt(1)' a.pl < /dev/null
