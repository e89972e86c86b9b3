#: undeclared
#: must error: .@w@. undeclared
printf 'int main(void) {\n  int x = 1;\n  return @w@ + x;\n}\n' > a.c; gcc -c a.c
#: undefined reference
#: must undefined reference to .@w@.
#: not collect2|ld returned
printf 'int @w@(int);\nint main(void) { return @w@(@n@); }\n' > a.c; gcc a.c -o a
#: header is missing
#: must fatal error: @w@/@v@\.h: No such file
#: not compilation terminated
printf '#include "@w@/@v@.h"\nint main(void) { return 0; }\n' > a.c; gcc -c a.c
#: warnings then an error
#: must error: (expected .;.|too few|incompatible|invalid)
printf 'int f(int a) { int unused_@w@ = 3; return a }\n' > a.c; gcc -Wall -c a.c
#: library is missing
#: must cannot find -l@w@
printf 'int main(void) { return 0; }\n' > a.c; gcc a.c -l@w@ -o a
#: no input file
#: must @w@\.c: No such file
gcc -O2 @w@.c -o a
#: werror
#: must error: unused variable .@w@.
printf 'int main(void) {\n  int @w@ = @n@;\n  return 0;\n}\n' > a.c; gcc -Wall -Werror -c a.c
#: conflicting types
#: must error: conflicting types for .@w@.
printf 'int @w@(int a);\nchar *@w@(int a) { return 0; }\n' > a.c; gcc -c a.c
